import { randomBytes } from 'node:crypto';

import { type DeliveryView, isJsonObject, type JsonValue, LIMITS, type WebhookSource } from '@kb-labs/contracts';
import { bytesDigest } from '@kb-labs/digest';
import { AppError } from '@kb-labs/errors';
import type { RequestHeaders } from '@kb-labs/triggers';

import { decide, ignoredBy, runsOf, shortHash, whatItSays } from './decide-delivery.js';
import { DELIVERY_OF_KIND, newDelivery, readDeliveryRecord, type StoredDelivery, viewDelivery } from './delivery-record.js';
import type { EngineDeps } from './deps.js';
import { findListeners, type FoundListener } from './find-listeners.js';
import { tenantOf } from './find-schedules.js';
import { sealsOf, signedWith, webhooksOf } from './signed-with.js';
import { startDelivery } from './start-delivery.js';

export interface ReceiveDelivery {
  readonly source: WebhookSource;
  /** By lower-case names. */
  readonly headers: RequestHeaders;
  readonly rawBody: Uint8Array;
  /** What the bytes say. Called once the signature holds; fails with `REQUEST_INVALID`. */
  readonly readBody: () => JsonValue;
}

export type Received =
  | { readonly kind: 'accepted'; readonly delivery: DeliveryView; /** It came before. */ readonly repeated: boolean }
  /** A sender wants to see that somebody is here: it gets back what it sent. */
  | { readonly kind: 'challenge'; readonly challenge: string };

/** An answer does not wait longer for runs to be started: they are all the same. */
const ANSWER_MS = 250;
/** After so long, one that began to start runs and did not end is taken for dead. */
const ABANDONED_MS = 5_000;

/**
 * Takes a delivery: it is kept with what it starts before this resolves, and carried out even if the process dies then. The same
 * delivery again is answered as it was. Fails with `WEBHOOK_REFUSED`, before anything of the body is read.
 */
export async function receiveDelivery(deps: EngineDeps, { source, headers, rawBody, readBody }: ReceiveDelivery): Promise<Received> {
  const { listeners } = await findListeners(deps);
  const signed = await signedWith(deps, sealsOf(source, listeners, deps.triggers?.repository), { headers, rawBody });
  if (signed.problem !== undefined) {
    deps.logger.warn('a delivery is refused', { source, problem: signed.problem, ...(signed.missing.length === 0 ? {} : { missing: [...signed.missing] }) });
    throw new AppError('WEBHOOK_REFUSED', { source, problem: PROBLEMS[signed.problem] });
  }
  const body = readBody();
  if (source === 'slack' && isJsonObject(body) && body['type'] === 'url_verification' && typeof body['challenge'] === 'string') {
    return { kind: 'challenge', challenge: body['challenge'] };
  }
  const facts = { source, headers, body, seals: signed.seals };
  const said = whatItSays(listeners, facts);
  const decisions = decide(deps, listeners, facts);
  const digest = bytesDigest(rawBody);
  const sameAs = said.delivery === undefined ? { key: sameKey(deps, source, `${said.event ?? ''} ${digest}`), keepMs: LIMITS.sameDeliveryMs } : { key: sameKey(deps, source, said.delivery), keepMs: LIMITS.deliveryKeepMs };
  const delivery = {
    source,
    event: said.event ?? null,
    delivery: said.delivery ?? null,
    receivedAt: deps.clock.now(),
    digest,
    bytes: rawBody.length,
    headers: keptHeaders(headers, proofHeaders(listeners, source)),
    signedBy: [...signed.seals],
    replayOf: null,
    runs: runsOf(decisions, { source, id: said.delivery === undefined ? undefined : shortHash(said.delivery) }),
    ignored: ignoredBy(decisions),
  };
  return keep(deps, { delivery, body, sameAs });
}

const PROBLEMS = {
  'no-secret': 'there is no secret to check it with',
  unsigned: 'it is not signed',
  malformed: 'its signature is none',
  expired: 'it was signed too long ago',
  mismatch: 'its signature does not hold',
} as const;

/** Sorts by time. */
export function deliveryId(now: number): string {
  return now.toString(36).padStart(9, '0') + randomBytes(5).toString('hex');
}

interface NewDelivery {
  readonly delivery: Omit<StoredDelivery, 'bodyParts'>;
  readonly body: JsonValue;
  readonly sameAs: { readonly key: string; readonly keepMs: number };
}

async function keep(deps: EngineDeps, { delivery, body, sameAs }: NewDelivery): Promise<Received> {
  const tenant = tenantOf(deps);
  const id = deliveryId(delivery.receivedAt);
  const text = JSON.stringify(body);
  for (;;) {
    const before = await DELIVERY_OF_KIND.get(deps.records, sameAs.key);
    const known = before === undefined ? undefined : await readDeliveryRecord(deps, `${tenant}/${before.value}`);
    if (before !== undefined && known !== undefined) return { kind: 'accepted', delivery: await again(deps, before.value, known.value), repeated: true };
    // What is known of it is gone before its time, by the number of those that came since: it is still the same one.
    if (before !== undefined) return { kind: 'accepted', delivery: { ...viewDelivery(before.value, { ...delivery, runs: [], bodyParts: 0 }) }, repeated: true };
    if (await deps.records.write(newDelivery(tenant, id, { delivery, body: text, sameAs }))) break;
  }
  return { kind: 'accepted', delivery: await startSoon(deps, id, { ...delivery, bodyParts: 0 }), repeated: false };
}

async function again(deps: EngineDeps, id: string, delivery: StoredDelivery): Promise<DeliveryView> {
  return deps.clock.now() - delivery.receivedAt > ABANDONED_MS ? startSoon(deps, id, delivery) : viewDelivery(id, delivery);
}

/** Starts its runs. What takes longer than a sender waits goes on by itself. */
async function startSoon(deps: EngineDeps, id: string, delivery: StoredDelivery): Promise<DeliveryView> {
  const starting = startDelivery(deps, id).catch((thrown: unknown) => {
    deps.logger.error('the runs of a delivery cannot be started now', { delivery: id, problem: String(thrown) });
    return undefined;
  });
  const { promise: late, resolve } = Promise.withResolvers<undefined>();
  const disarm = deps.clock.after(ANSWER_MS, () => {
    resolve(undefined);
  });
  const started = await Promise.race([starting, late]);
  disarm();
  return started ?? viewDelivery(id, delivery);
}

function sameKey(deps: Pick<EngineDeps, 'triggers'>, source: WebhookSource, text: string): string {
  return `${tenantOf(deps)}/${source}/${shortHash(text)}`;
}

const PROOF = /authorization|cookie|token|signature|secret|password|credential|api-?key/;

function keptHeaders(headers: RequestHeaders, proofs: ReadonlySet<string>): Record<string, string> {
  const kept = Object.entries(headers).flatMap(([name, value]) => (typeof value !== 'string' || PROOF.test(name) || proofs.has(name) ? [] : [[name, value] as const]));
  return Object.fromEntries(kept);
}

function proofHeaders(listeners: readonly FoundListener[], source: WebhookSource): Set<string> {
  return new Set(listeners.flatMap(({ on }) => webhooksOf(on, source)).flatMap((webhook) => (webhook.source === 'generic' ? [webhook['signature-header'].toLowerCase()] : [])));
}
