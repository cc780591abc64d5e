import { createHash, randomBytes } from 'node:crypto';

import { findReserved, FLOW_KEY, type JsonValue, type WebhookSource } from '@kb-labs/contracts';
import { readDelivery, type RequestHeaders, type StartDecision, startsFor } from '@kb-labs/triggers';

import type { StoredDelivery, StoredDeliveryRun } from './delivery-record.js';
import type { EngineDeps } from './deps.js';
import type { FoundListener } from './find-listeners.js';
import { isSealedFor, isSealedForRepository, webhooksOf } from './signed-with.js';

export interface DeliveryFacts {
  readonly source: WebhookSource;
  readonly headers: RequestHeaders;
  readonly body: JsonValue;
  readonly seals: ReadonlySet<string>;
}

export function decide(deps: Pick<EngineDeps, 'triggers'>, listeners: readonly FoundListener[], { source, headers, body, seals }: DeliveryFacts): StartDecision[] {
  const isFromRepository = isSealedForRepository(deps.triggers?.repository, source, seals);
  const decisions = startsFor({ kind: 'delivery', source, headers, body, isSignedFor: (webhook) => isSealedFor(webhook, seals), isFromRepository }, listeners);
  const reserved = findReserved(body);
  if (reserved === undefined) return decisions;
  return decisions.map((decision) => (decision.starts ? { starts: false, workflowId: decision.workflowId, reason: `the payload has "${FLOW_KEY}", which is the engine's own: ${reserved}` } : decision));
}

/** As the first entry that it is signed for reads it. */
export function whatItSays(listeners: readonly FoundListener[], { source, headers, body, seals }: DeliveryFacts): { event?: string; delivery?: string } {
  const entries = listeners.flatMap(({ on }) => webhooksOf(on, source)).filter((webhook) => isSealedFor(webhook, seals));
  const forms = source === 'generic' ? entries : [{ source }];
  const reads = forms.flatMap((form) => readDelivery(form, { headers, body }) ?? []);
  const read = reads.find((one) => one.delivery !== undefined) ?? reads[0];
  if (read === undefined) return {};
  return { event: read.action === undefined ? read.event : `${read.event}.${read.action}`, ...(read.delivery === undefined ? {} : { delivery: read.delivery }) };
}

/** A push that is told by a hook of git and by the host of the repository has one key. `id` names a delivery; without one, the delivery is known by what is kept of it. */
export function runsOf(decisions: readonly StartDecision[], { source, id = randomBytes(16).toString('hex'), again = false }: { source: WebhookSource; id?: string | undefined; again?: boolean }): StoredDeliveryRun[] {
  return decisions.flatMap((decision) => {
    if (!decision.starts) return [];
    const { workflowId, trigger } = decision;
    const ref = refOf(trigger);
    const isPush = trigger.type === 'push' && ref !== undefined && trigger.sha !== null && !again;
    const key = isPush ? pushKey({ ref, sha: trigger.sha, workflowId }) : `webhook:${source}:${id}:${workflowId}`;
    return [{ workflowId, key, runId: null, problem: null }];
  });
}

/** Names the arrival of a commit at a branch or tag, for one workflow. */
export function pushKey({ ref, sha, workflowId }: { ref: string; sha: string; workflowId: string }): string {
  return `push:${shortHash(`${ref} ${sha}`)}:${workflowId}`;
}

function refOf({ branch, tag }: { branch: string | null; tag: string | null }): string | undefined {
  return tag !== null ? `refs/tags/${tag}` : branch !== null ? `refs/heads/${branch}` : undefined;
}

export function ignoredBy(decisions: readonly StartDecision[]): StoredDelivery['ignored'] {
  return decisions.flatMap((decision) => (decision.starts ? [] : [{ workflowId: decision.workflowId, reason: decision.reason }]));
}

/** 40 hex digits: ids of senders can be longer than a key may be. */
export function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 40);
}
