import type { JsonValue, Trigger, Webhook, WebhookSource, Workflow } from '@kb-labs/contracts';

import type { Delivery } from './delivery.js';
import { eventName, matchesEvent } from './matches-event.js';
import { matchesPush, type Push } from './matches-push.js';
import { readDelivery } from './read-delivery.js';
import type { RequestHeaders } from './request-headers.js';

/** A push that was seen where it happened, by a hook of git. */
export interface SeenPush {
  readonly kind: 'push';
  readonly push: Push;
  readonly sha: string;
  /** Who committed, for people. */
  readonly actor: string;
  readonly payload?: JsonValue;
}

/** A request to the address of a sender, its body read. */
export interface ReceivedDelivery {
  readonly kind: 'delivery';
  readonly source: WebhookSource;
  readonly headers: RequestHeaders;
  readonly body: JsonValue;
  /** Whether the signature holds for the secrets that this entry of `on.webhook` names. Others' secrets do not count. */
  readonly isSignedFor: (webhook: Webhook) => boolean;
  /** Whether the signature holds for a secret that speaks for the repository of the project: then a push in it counts for `on.push`. */
  readonly isFromRepository: boolean;
}

export type Incoming = SeenPush | ReceivedDelivery;

/** A workflow by what it listens to. */
export type Listener = Pick<Workflow, 'id' | 'on'>;

/** Whether a workflow is started, with what, or why not. */
export type StartDecision =
  | { readonly workflowId: string; readonly starts: true; readonly trigger: Trigger; readonly reason: string }
  | { readonly workflowId: string; readonly starts: false; readonly reason: string };

/**
 * What each workflow does about a push or a delivery; once at most, however many of its entries fit, and for a push
 * sooner as a push than as a delivery. Workflows that listen to neither are left out.
 */
export function startsFor(incoming: Incoming, workflows: Iterable<Listener>): StartDecision[] {
  const decisions: StartDecision[] = [];
  for (const workflow of workflows) {
    const tried = [...tryPush(incoming, workflow), ...tryWebhooks(incoming, workflow)];
    const decision = tried.find((one) => one.starts) ?? tried[0];
    if (decision !== undefined) decisions.push(decision);
  }
  return decisions;
}

function* tryPush(incoming: Incoming, { id, on }: Listener): Generator<StartDecision> {
  if (on?.push === undefined) return;
  const seen: FoundPush | undefined = incoming.kind === 'push' ? incoming : pushIn(incoming);
  if (seen === undefined) return;
  const { matches, reason } = matchesPush(on.push, seen.push);
  if (!matches) {
    yield { workflowId: id, starts: false, reason };
    return;
  }
  const { branch, tag, paths } = seen.push;
  const trigger: Trigger = {
    type: 'push',
    actor: seen.actor,
    payload: seen.payload ?? null,
    branch: branch ?? null,
    tag: tag ?? null,
    sha: seen.sha,
    ...(Array.isArray(paths) ? { paths: [...paths] } : {}),
    event: 'push',
    ...(seen.delivery === undefined ? {} : { delivery: seen.delivery }),
  };
  yield { workflowId: id, starts: true, trigger, reason };
}

type FoundPush = SeenPush & { readonly delivery?: string };

function pushIn(incoming: ReceivedDelivery): FoundPush | undefined {
  const { source, headers, body } = incoming;
  if (!incoming.isFromRepository || (source !== 'github' && source !== 'gitlab')) return undefined;
  const read = readDelivery({ source }, { headers, body });
  if (read?.isPush !== true || read.ref === undefined || read.sha === undefined) return undefined;
  const { ref, sha, branch, tag, paths, actor = source, delivery } = read;
  const push: Push = { ref, ...(branch === undefined ? {} : { branch }), ...(tag === undefined ? {} : { tag }), paths: paths ?? 'unknown' };
  return { kind: 'push', push, sha, actor, payload: body, ...(delivery === undefined ? {} : { delivery }) };
}

function* tryWebhooks(incoming: Incoming, { id, on }: Listener): Generator<StartDecision> {
  if (incoming.kind !== 'delivery' || on?.webhook === undefined) return;
  for (const webhook of Array.isArray(on.webhook) ? on.webhook : [on.webhook]) {
    if (webhook.source === incoming.source) yield tryWebhook(incoming, webhook, id);
  }
}

function tryWebhook(incoming: ReceivedDelivery, webhook: Webhook, workflowId: string): StartDecision {
  if (!incoming.isSignedFor(webhook)) return { workflowId, starts: false, reason: 'it is not signed with the secret of this workflow' };
  const read = readDelivery(webhook, incoming);
  if (read === undefined) return { workflowId, starts: false, reason: `it does not say what happened as ${webhook.source} does` };
  const name = eventName(read);
  if (!matchesEvent(webhook, read)) return { workflowId, starts: false, reason: `${name} is not listened to` };
  return { workflowId, starts: true, trigger: triggerOf(read, webhook.source, incoming.body), reason: `${name} is listened to` };
}

function triggerOf(read: Delivery, source: WebhookSource, payload: JsonValue): Trigger {
  const { actor = source, branch = null, tag = null, sha = null, paths, delivery } = read;
  return {
    type: 'webhook',
    actor,
    payload,
    branch,
    tag,
    sha,
    ...(Array.isArray(paths) ? { paths: [...paths] } : {}),
    event: eventName(read),
    ...(delivery === undefined ? {} : { delivery }),
  };
}
