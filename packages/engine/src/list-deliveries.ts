import type { DeliveryView, Page } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';

import { DELIVERY_KIND, viewDelivery } from './delivery-record.js';
import type { EngineDeps } from './deps.js';
import { tenantOf } from './find-schedules.js';
import { pageLimit } from './page-limit.js';

export interface ListDeliveries {
  /** When given, only of this tenant. */
  readonly tenant?: string;
  /** Of an earlier page. */
  readonly cursor?: string;
  /** 1 to 200, 20 when left out. */
  readonly limit?: number;
}

/** Deliveries that were accepted, newest first. They are kept for seven days, ten thousand at most. */
export async function listDeliveries(deps: Pick<EngineDeps, 'records' | 'triggers'>, query: ListDeliveries): Promise<Page<DeliveryView>> {
  const { cursor, tenant = tenantOf(deps) } = query;
  const limit = pageLimit(query.limit);
  if (cursor !== undefined && !/^[a-z0-9]{8,64}$/.test(cursor)) throw new AppError('USAGE', { problem: `"${cursor}" is no cursor of a page` });
  const prefix = `${tenant}/`;
  const found = await DELIVERY_KIND.list(deps.records, { prefix, descending: true, limit: limit + 1, ...(cursor === undefined ? {} : { after: prefix + cursor }) });
  const items = found.slice(0, limit).map(({ key, value }) => viewDelivery(key.slice(prefix.length), value));
  const last = items.at(-1);
  return { items, ...(found.length > limit && last !== undefined ? { nextCursor: last.id } : {}) };
}
