import type { Webhook } from '@kb-labs/contracts';

/** What services send to try a webhook out: nothing happened. Only who names it gets it. */
const TRIALS: Readonly<Partial<Record<Webhook['source'], string>>> = { github: 'ping', slack: 'url_verification' };

/** What a delivery says happened. */
export interface Happened {
  readonly event: string;
  readonly action?: string;
}

/**
 * Whether a webhook listens to an event. `events` has the event alone (whatever the action), `event.action`, a start with
 * all below it (`pull_request.*`, `invoice.*`), or `*`.
 */
export function matchesEvent(webhook: Pick<Webhook, 'source' | 'events'>, happened: Happened): boolean {
  const { event } = happened;
  if (webhook.events === undefined) return TRIALS[webhook.source] !== event;
  const name = eventName(happened);
  return webhook.events.some((pattern) => pattern === '*' || pattern === event || pattern === name || (pattern.endsWith('.*') && name.startsWith(pattern.slice(0, -1))));
}

/** `pull_request.opened`, or the event alone when it has no action. */
export function eventName({ event, action }: Happened): string {
  return action === undefined ? event : `${event}.${action}`;
}
