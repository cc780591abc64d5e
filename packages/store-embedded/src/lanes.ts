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

/** A lane without tickets of other tenants. */
export interface TenantLane extends Lane {
  readonly tenant: string;
}

const FREE = 'worker IS NULL AND parked = 0';
/** That of all tickets. */
export const ALL: Lane = { free: `INDEXED BY ticket_free WHERE ${FREE}`, values: [] };
const OF_TENANT = `INDEXED BY ticket_by_tenant WHERE ${FREE} AND tenant = ?`;
const OF_ROOT = `INDEXED BY ticket_by_root WHERE ${FREE} AND root = ? AND tenant = ?`;

/** The lanes of a worker, each of one tenant. */
export function lanesByTenant(connection: Connection, taker: WorkerRow): readonly TenantLane[] {
  if (taker.scope === null) return connection.all<{ tenant: string }>(TENANTS).map(({ tenant }) => ({ free: OF_TENANT, values: [tenant], tenant }));
  const trees = connection.all<{ root: string; tenant: string }>(TREES, taker.scope);
  return trees.map(({ root, tenant }) => ({ free: OF_ROOT, values: [root, tenant], tenant }));
}

/** The fewest lanes that hold all tickets of a worker. */
export function lanesOf(connection: Connection, taker: WorkerRow): readonly Lane[] {
  return taker.scope === null ? [ALL] : lanesByTenant(connection, taker);
}

/** Whether more than one tenant has free tickets. */
export const SEVERAL_TENANTS = `(SELECT min(tenant) FROM ticket INDEXED BY ticket_by_tenant WHERE ${FREE})
  < (SELECT max(tenant) FROM ticket INDEXED BY ticket_by_tenant WHERE ${FREE})`;

/** Jumps from one tenant to the next in the index, instead of reading all free tickets for the few tenants they have. */
const TENANTS = `WITH RECURSIVE lane (tenant) AS (
  SELECT min(tenant) FROM ticket INDEXED BY ticket_by_tenant WHERE ${FREE}
  UNION
  SELECT (SELECT min(tenant) FROM ticket INDEXED BY ticket_by_tenant WHERE ${FREE} AND tenant > lane.tenant) FROM lane WHERE tenant IS NOT NULL
) SELECT tenant FROM lane WHERE tenant IS NOT NULL`;

const TREES = `WITH RECURSIVE lane (root, tenant) AS (
  SELECT value, (SELECT min(tenant) FROM ticket INDEXED BY ticket_by_root WHERE ${FREE} AND root = value) FROM json_each(?)
  UNION
  SELECT root, (SELECT min(tenant) FROM ticket INDEXED BY ticket_by_root WHERE ${FREE} AND root = lane.root AND tenant > lane.tenant)
  FROM lane WHERE tenant IS NOT NULL
) SELECT root, tenant FROM lane WHERE tenant IS NOT NULL`;
