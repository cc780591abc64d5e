import type { Connection } from './connection.js';
import type { WorkerRow } from './workers.js';

/**
 * Free tickets that stand in one order in one index, the rank first: `free` picks them from `ticket`. From the front of
 * a lane no more is read than is wanted, whatever else is queued.
 */
export interface Lane {
  readonly free: string;
  readonly values: readonly string[];
}

const FREE = 'worker IS NULL AND parked = 0';
const ALL: Lane = { free: `INDEXED BY ticket_free WHERE ${FREE}`, values: [] };
const OF_TENANT = `INDEXED BY ticket_by_tenant WHERE ${FREE} AND tenant = ?`;
const OF_ROOT = `INDEXED BY ticket_by_root WHERE ${FREE} AND root = ? AND tenant = ?`;

/** The lanes of a worker. With `byTenant` none holds tickets of two tenants, so that a full tenant can be left out. */
export function lanesOf(connection: Connection, taker: WorkerRow, options: { byTenant: boolean }): readonly Lane[] {
  if (taker.scope !== null) {
    const trees = connection.all<{ root: string; tenant: string }>(TREES, taker.scope);
    return trees.map(({ root, tenant }) => ({ free: OF_ROOT, values: [root, tenant] }));
  }
  if (!options.byTenant) return [ALL];
  return connection.all<{ tenant: string }>(TENANTS).map(({ tenant }) => ({ free: OF_TENANT, values: [tenant] }));
}

/** Jumps from one tenant to the next in the index, instead of reading all tickets for the few tenants they have. */
const TENANTS = `WITH RECURSIVE lane (tenant) AS (
  SELECT min(tenant) FROM ticket INDEXED BY ticket_by_tenant WHERE parked = 0
  UNION
  SELECT (SELECT min(tenant) FROM ticket INDEXED BY ticket_by_tenant WHERE parked = 0 AND tenant > lane.tenant) FROM lane WHERE tenant IS NOT NULL
) SELECT tenant FROM lane WHERE tenant IS NOT NULL`;

const TREES = `WITH RECURSIVE lane (root, tenant) AS (
  SELECT value, (SELECT min(tenant) FROM ticket INDEXED BY ticket_by_root WHERE parked = 0 AND root = value) FROM json_each(?)
  UNION
  SELECT root, (SELECT min(tenant) FROM ticket INDEXED BY ticket_by_root WHERE parked = 0 AND root = lane.root AND tenant > lane.tenant)
  FROM lane WHERE tenant IS NOT NULL
) SELECT root, tenant FROM lane WHERE tenant IS NOT NULL`;
