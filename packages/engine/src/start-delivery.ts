import { type DeliveryView, type JsonValue, LIMITS, type Trigger } from '@kb-labs/contracts';
import { AppError, fromUnknown } from '@kb-labs/errors';

import { decide } from './decide-delivery.js';
import { DELIVERY_KIND, DELIVERY_OPEN_KIND, isOpen, readDeliveryBody, readDeliveryRecord, type StoredDelivery, type StoredDeliveryRun, viewDelivery } from './delivery-record.js';
import type { EngineDeps } from './deps.js';
import { findListeners } from './find-listeners.js';
import { tenantOf } from './find-schedules.js';
import { isPassing } from './passing.js';
import { startOnce } from './start-once.js';

/**
 * Starts the runs of a delivery that are not there yet, as it was decided when it came. Done twice, or by several at once, it
 * changes nothing. Fails with `DELIVERY_NOT_FOUND`, or when the state is away.
 */
export async function startDelivery(deps: EngineDeps, id: string): Promise<DeliveryView> {
  const key = `${tenantOf(deps)}/${id}`;
  const found = await readDeliveryRecord(deps, key);
  if (found === undefined) throw new AppError('DELIVERY_NOT_FOUND', { id });
  if (!found.value.runs.some(isOpen)) return viewDelivery(id, found.value);
  const triggers = await triggersOf(deps, found.value, await readDeliveryBody(deps, key, found.value));
  const runs = await Promise.all(found.value.runs.map(async (run) => (isOpen(run) ? startOne(deps, run, triggers.get(run.workflowId)) : run)));
  for (;;) {
    const before = await readDeliveryRecord(deps, key);
    if (before === undefined) return viewDelivery(id, { ...found.value, runs });
    const value = { ...before.value, runs };
    const written = await deps.records.write([
      DELIVERY_KIND.put(key, value, { expected: before.version, expiresAt: expiryOf(value) }),
      DELIVERY_OPEN_KIND.remove(key),
    ]);
    if (written) return viewDelivery(id, value);
  }
}

function expiryOf({ receivedAt }: StoredDelivery): number {
  return receivedAt + LIMITS.deliveryKeepMs;
}

/** A document that has changed since may say something else now: it is asked with the same delivery. */
async function triggersOf(deps: EngineDeps, { source, headers, signedBy }: StoredDelivery, body: JsonValue): Promise<ReadonlyMap<string, Trigger>> {
  const { listeners } = await findListeners(deps);
  const decisions = decide(deps, listeners, { source, headers, body, seals: new Set(signedBy) });
  return new Map(decisions.flatMap((decision) => (decision.starts ? [[decision.workflowId, decision.trigger]] : [])));
}

async function startOne(deps: EngineDeps, run: StoredDeliveryRun, trigger: Trigger | undefined): Promise<StoredDeliveryRun> {
  const { workflowId, key } = run;
  if (trigger === undefined) return { ...run, problem: { code: 'WORKFLOW_NOT_FOUND', message: `${workflowId} no longer listens to this` } };
  try {
    const { runId } = await startOnce(deps, { key, workflowId, trigger, tenant: tenantOf(deps) });
    return { ...run, runId };
  } catch (thrown) {
    const { code, message } = fromUnknown(thrown);
    if (isPassing(thrown) || code === 'QUEUE_FULL') throw thrown;
    deps.logger.error('a delivery could not start a workflow', { workflowId, code, problem: message });
    return { ...run, problem: { code, message } };
  }
}
