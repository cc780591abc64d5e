import type { DeliveryView } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';

import { decide, ignoredBy, runsOf } from './decide-delivery.js';
import { newDelivery, readDeliveryBody, readDeliveryRecord } from './delivery-record.js';
import type { EngineDeps } from './deps.js';
import { findListeners } from './find-listeners.js';
import { tenantOf } from './find-schedules.js';
import { deliveryId } from './receive-delivery.js';
import { startDelivery } from './start-delivery.js';

export interface ReplayDelivery {
  readonly id: string;
  /** When given, the delivery must be of this tenant; one of another is not there. */
  readonly tenant?: string;
}

/**
 * Carries a delivery out again, as the documents are now: its runs are new ones. It is kept as a delivery of its own that names
 * the first one. Fails with `DELIVERY_NOT_FOUND`.
 */
export async function replayDelivery(deps: EngineDeps, { id, tenant = tenantOf(deps) }: ReplayDelivery): Promise<DeliveryView> {
  const key = `${tenant}/${id}`;
  const found = tenant === tenantOf(deps) ? await readDeliveryRecord(deps, key) : undefined;
  if (found === undefined) throw new AppError('DELIVERY_NOT_FOUND', { id });
  const { source, headers, signedBy } = found.value;
  const body = await readDeliveryBody(deps, key, found.value);
  const { listeners } = await findListeners(deps);
  const decisions = decide(deps, listeners, { source, headers, body, seals: new Set(signedBy) });
  const receivedAt = deps.clock.now();
  const again = deliveryId(receivedAt);
  const delivery = { ...found.value, receivedAt, replayOf: id, runs: runsOf(decisions, { source, id: `replay:${again}`, again: true }), ignored: ignoredBy(decisions) };
  await deps.records.write(newDelivery(tenant, again, { delivery, body: JSON.stringify(body) }));
  return startDelivery(deps, again);
}
