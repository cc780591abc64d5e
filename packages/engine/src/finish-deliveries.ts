import { LIMITS } from '@kb-labs/contracts';
import { fromUnknown } from '@kb-labs/errors';

import { DELIVERY_KIND, DELIVERY_OPEN_KIND, removalOf, type StoredDelivery } from './delivery-record.js';
import type { EngineDeps } from './deps.js';
import { tenantOf } from './find-schedules.js';
import { startDelivery } from './start-delivery.js';

const PAGE = 100;

/** Carries out what was accepted and not carried out: whoever took it died, or the state was away. */
export async function finishDeliveries(deps: EngineDeps): Promise<void> {
  const prefix = `${tenantOf(deps)}/`;
  for (let after: string | undefined; ; ) {
    const page = await deps.records.list(DELIVERY_OPEN_KIND, { prefix, limit: PAGE, ...(after === undefined ? {} : { after }) });
    for (const { key } of page) {
      const id = key.slice(prefix.length);
      try {
        await startDelivery(deps, id);
      } catch (thrown) {
        deps.logger.error('the runs of a delivery cannot be started now', { delivery: id, problem: fromUnknown(thrown).message });
      }
    }
    if (page.length < PAGE) return;
    after = page.at(-1)?.key;
  }
}

/** Removes deliveries beyond the number that is kept, the oldest. What is too old goes by itself. */
export async function sweepDeliveries(deps: Pick<EngineDeps, 'records' | 'triggers'>, most: number = LIMITS.deliveries): Promise<number> {
  const prefix = `${tenantOf(deps)}/`;
  let seen = 0;
  let removed = 0;
  for (let after: string | undefined; ; ) {
    const page = await deps.records.list(DELIVERY_KIND, { prefix, descending: true, limit: PAGE, ...(after === undefined ? {} : { after }) });
    for (const { key, value } of page) {
      seen += 1;
      if (seen <= most) continue;
      await deps.records.write(removalOf(key, value as unknown as StoredDelivery));
      removed += 1;
    }
    if (page.length < PAGE) return removed;
    after = page.at(-1)?.key;
  }
}
