import { LIMITS } from '@kb-labs/contracts';
import { fromUnknown } from '@kb-labs/errors';

import { DELIVERY_KIND, DELIVERY_OPEN_KIND, removalOf } from './delivery-record.js';
import type { EngineDeps } from './deps.js';
import { tenantOf } from './find-schedules.js';
import { startDelivery } from './start-delivery.js';

/** Carries out what was accepted and not carried out: whoever took it died, or the state was away. */
export async function finishDeliveries(deps: EngineDeps): Promise<void> {
  const prefix = `${tenantOf(deps)}/`;
  for await (const { key } of DELIVERY_OPEN_KIND.each(deps.records, { prefix })) {
    const id = key.slice(prefix.length);
    try {
      await startDelivery(deps, id);
    } catch (thrown) {
      deps.logger.error('the runs of a delivery cannot be started now', { delivery: id, problem: fromUnknown(thrown).message });
    }
  }
}

/** Removes deliveries beyond the number that is kept, the oldest. What is too old goes by itself. */
export async function sweepDeliveries(deps: Pick<EngineDeps, 'records' | 'triggers'>, most: number = LIMITS.deliveries): Promise<number> {
  const prefix = `${tenantOf(deps)}/`;
  let seen = 0;
  let removed = 0;
  for await (const { key, value } of DELIVERY_KIND.each(deps.records, { prefix, descending: true })) {
    seen += 1;
    if (seen <= most) continue;
    await deps.records.write(removalOf(key, value));
    removed += 1;
  }
  return removed;
}
