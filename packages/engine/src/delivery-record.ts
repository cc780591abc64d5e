import type { DeliveryView, JsonValue, WebhookSource } from '@kb-labs/contracts';
import { LIMITS } from '@kb-labs/contracts';
import type { RecordChange } from '@kb-labs/ports';

import type { EngineDeps } from './deps.js';
import { type Kept, RecordKind } from './record-kind.js';

/** `<tenant>/<id>`: what came. Ids sort by time. */
export const DELIVERY_KIND = new RecordKind<StoredDelivery>('delivery');
/** `<tenant>/<id>/<part>`: its body, in pieces that fit a record. */
const BODY_KIND = new RecordKind<string>('delivery-body');
/** `<tenant>/<source>/<digest of the sender's id>` to the id here. */
export const DELIVERY_OF_KIND = new RecordKind<string>('delivery-of');
/** `<tenant>/<id>`: deliveries whose runs are not all there yet. */
export const DELIVERY_OPEN_KIND = new RecordKind<null>('delivery-open');

export interface StoredDelivery {
  readonly source: WebhookSource;
  readonly event: string | null;
  readonly delivery: string | null;
  readonly receivedAt: number;
  readonly digest: string;
  readonly bytes: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Schemes and names of secrets that its signature holds for. */
  readonly signedBy: readonly string[];
  readonly replayOf: string | null;
  readonly runs: readonly StoredDeliveryRun[];
  readonly ignored: readonly { readonly workflowId: string; readonly reason: string }[];
  readonly bodyParts: number;
}

export interface StoredDeliveryRun {
  readonly workflowId: string;
  /** Names the start: `startOnce` makes it one run. */
  readonly key: string;
  readonly runId: string | null;
  readonly problem: { readonly code: string; readonly message: string } | null;
}

/** Two bytes of JSON for a character at most, and three of UTF-8: this fits a record however it is written. */
const PART_LENGTH = 256 * 1024;

/** What is written when one comes, all at once. `body` is its JSON text. */
export function newDelivery(tenant: string, id: string, { delivery, body, sameAs }: { delivery: Omit<StoredDelivery, 'bodyParts'>; body: string; sameAs?: { key: string; keepMs: number } }): RecordChange[] {
  const key = `${tenant}/${id}`;
  const expiresAt = delivery.receivedAt + LIMITS.deliveryKeepMs;
  const parts = Array.from({ length: Math.ceil(body.length / PART_LENGTH) }, (_, n) => body.slice(n * PART_LENGTH, (n + 1) * PART_LENGTH));
  return [
    ...(sameAs === undefined ? [] : [DELIVERY_OF_KIND.put(sameAs.key, id, { expected: 0, expiresAt: delivery.receivedAt + sameAs.keepMs })]),
    DELIVERY_KIND.put(key, { ...delivery, bodyParts: parts.length }, { expected: 0, expiresAt }),
    ...parts.map((part, n) => BODY_KIND.put(`${key}/${String(n)}`, part, { expiresAt })),
    ...(delivery.runs.some(isOpen) ? [DELIVERY_OPEN_KIND.put(key, null, { expiresAt })] : []),
  ];
}

export function isOpen({ runId, problem }: StoredDeliveryRun): boolean {
  return runId === null && problem === null;
}

export async function readDeliveryRecord({ records }: Pick<EngineDeps, 'records'>, key: string): Promise<Kept<StoredDelivery> | undefined> {
  return DELIVERY_KIND.get(records, key);
}

/** The JSON of its body. */
export async function readDeliveryBody({ records }: Pick<EngineDeps, 'records'>, key: string, { bodyParts }: StoredDelivery): Promise<JsonValue> {
  const parts = await Promise.all(Array.from({ length: bodyParts }, (_, n) => BODY_KIND.get(records, `${key}/${String(n)}`)));
  return JSON.parse(parts.map((part) => part?.value ?? '').join('')) as JsonValue;
}

export function removalOf(key: string, { bodyParts }: StoredDelivery): RecordChange[] {
  return [
    DELIVERY_KIND.remove(key),
    DELIVERY_OPEN_KIND.remove(key),
    ...Array.from({ length: bodyParts }, (_, n) => BODY_KIND.remove(`${key}/${String(n)}`)),
  ];
}

export function viewDelivery(id: string, { source, event, delivery, receivedAt, digest, bytes, headers, replayOf, runs, ignored }: StoredDelivery): DeliveryView {
  const outcome = runs.some(isOpen) ? 'starting' : runs.some(({ problem }) => problem !== null) ? 'failed' : runs.length > 0 ? 'started' : 'ignored';
  return {
    id,
    source,
    event,
    delivery,
    receivedAt: new Date(receivedAt).toISOString(),
    digest,
    bytes,
    headers,
    replayOf,
    outcome,
    runs: runs.map(({ workflowId, runId, problem }) => ({ workflowId, runId, problem })),
    ignored,
  };
}
