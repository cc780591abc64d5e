import { LIMITS, type WebhookSource } from '@kb-labs/contracts';
import { assertNever } from '@kb-labs/errors';

import { type Delivery, present, type ReceivedRequest } from './delivery.js';
import { readGitHub } from './github-delivery.js';
import { readGitLab } from './gitlab-delivery.js';
import { firstText, textAt } from './json-path.js';
import { headerOf } from './request-headers.js';

/** How deliveries are read. An entry of `on.webhook` is one. */
export type DeliveryForm =
  | { readonly source: Exclude<WebhookSource, 'generic'> }
  | { readonly source: 'generic'; readonly 'event-header'?: string | undefined; readonly 'delivery-header'?: string | undefined };

/**
 * What a request says, once its signature holds. `undefined` when it does not say what happened in the way its sender
 * does. A generic sender without a header for the event sends `message`.
 */
export function readDelivery(form: DeliveryForm, request: ReceivedRequest): Delivery | undefined {
  const read = readOf(form, request);
  const lengths = [read?.event.length ?? 0, read?.action?.length ?? 0];
  return Math.max(...lengths) > LIMITS.eventNameLength || (read?.delivery?.length ?? 0) > LIMITS.idempotencyKeyLength ? undefined : read;
}

function readOf(form: DeliveryForm, request: ReceivedRequest): Delivery | undefined {
  switch (form.source) {
    case 'github':
      return readGitHub(request);
    case 'gitlab':
      return readGitLab(request);
    case 'slack':
      return readSlack(request);
    case 'stripe':
      return readTyped(request, textAt(request.body, 'id'));
    case 'standard-webhooks':
      return readTyped(request, headerOf(request.headers, 'webhook-id'));
    case 'generic':
      return readGeneric(form, request);
    default:
      return assertNever(form);
  }
}

/**
 * Slack sends events (their type is inside), slash commands (`slash_command`, with the command as the action) and
 * interactions (their type). The trigger of a command or an interaction is used once.
 */
function readSlack({ body }: ReceivedRequest): Delivery | undefined {
  const command = textAt(body, 'command');
  const type = textAt(body, 'type');
  const actor = firstText(body, ['event', 'user'], ['user', 'username'], ['user', 'id'], ['user_name'], ['user_id']);
  if (command !== undefined) return present<Delivery>({ event: 'slash_command', action: command.replace(/^\//, ''), delivery: textAt(body, 'trigger_id'), actor });
  if (type === undefined) return undefined;
  const event = type === 'event_callback' ? textAt(body, 'event', 'type') : type;
  if (event === undefined) return undefined;
  return present<Delivery>({ event, action: textAt(body, 'event', 'subtype'), delivery: firstText(body, ['event_id'], ['trigger_id']), actor });
}

/** Stripe's events and those of Standard Webhooks name themselves in `type`: `invoice.paid`. */
function readTyped({ body }: ReceivedRequest, delivery: string | undefined): Delivery | undefined {
  const event = textAt(body, 'type');
  return event === undefined ? undefined : present<Delivery>({ event, delivery });
}

function readGeneric(form: Extract<DeliveryForm, { source: 'generic' }>, { headers, body }: ReceivedRequest): Delivery | undefined {
  const { 'event-header': eventHeader, 'delivery-header': deliveryHeader } = form;
  const event = eventHeader === undefined ? 'message' : headerOf(headers, eventHeader);
  const delivery = deliveryHeader === undefined ? undefined : headerOf(headers, deliveryHeader);
  if (event === undefined || (deliveryHeader !== undefined && delivery === undefined)) return undefined;
  return present<Delivery>({ event, action: textAt(body, 'action'), delivery });
}
