import type { DeliveryView, Page } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';

import { DELIVERY_KIND, type StoredDelivery, viewDelivery } from './delivery-record.js';
import type { EngineDeps } from './deps.js';
import { tenantOf } from './find-schedules.js';

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
  const { cursor, limit = 20, tenant = tenantOf(deps) } = query;
  if (!Number.isInteger(limit) || limit < 1 || limit > 200) throw new AppError('USAGE', { problem: 'a limit is a whole number from 1 to 200' });
  if (cursor !== undefined && !/^[a-z0-9]{8,64}$/.test(cursor)) throw new AppError('USAGE', { problem: `"${cursor}" is no cursor of a page` });
  const prefix = `${tenant}/`;
  const found = await deps.records.list(DELIVERY_KIND, { prefix, descending: true, limit: limit + 1, ...(cursor === undefined ? {} : { after: prefix + cursor }) });
  const items = found.slice(0, limit).map(({ key, value }) => viewDelivery(key.slice(prefix.length), value as unknown as StoredDelivery));
  const last = items.at(-1);
  return { items, ...(found.length > limit && last !== undefined ? { nextCursor: last.id } : {}) };
}
