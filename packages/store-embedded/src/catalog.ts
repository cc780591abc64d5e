import { isTerminalRun, RUN_STATUSES, type RunId, type RunStatus, type RunSummary } from '@kb-labs/contracts';
import type { Catalog, OpenWait, RunQuery, WaitQuery } from '@kb-labs/ports';

import type { CommitGroup } from './commit-group.js';
import { AT_MOST, type Connection } from './connection.js';
import { tenantsWithRuns } from './kept-runs.js';
import { findSummary, SUMMARY_COLUMNS, type SummaryRow, toSummary } from './run-summary.js';
import { listWaits } from './waits.js';

const OPEN_STATUSES = JSON.stringify(RUN_STATUSES.filter((status) => !isTerminalRun(status)));

export class EmbeddedCatalog implements Catalog {
  readonly #connection: Connection;
  readonly #group: CommitGroup;

  constructor(connection: Connection, group: CommitGroup) {
    this.#connection = connection;
    this.#group = group;
  }

  listRuns(query: RunQuery): Promise<RunSummary[]> {
    return this.#group.read(() => listRuns(this.#connection, query));
  }

  getRun(runId: RunId): Promise<RunSummary | undefined> {
    return this.#group.read(() => findSummary(this.#connection, runId));
  }

  openRuns(page: { after?: RunId; limit: number }): Promise<RunId[]> {
    return this.#group.read(() => {
      const rows = this.#connection.all<{ id: RunId }>(
        `SELECT id FROM run WHERE ended = 0 AND id > ? ORDER BY id ${AT_MOST}`,
        page.after ?? '',
        Math.max(page.limit, 0),
      );
      return rows.map((row) => row.id);
    });
  }

  countOpen(): Promise<Partial<Record<RunStatus, number>>> {
    return this.#group.read(() => countOpen(this.#connection));
  }

  listWaits(query: WaitQuery): Promise<OpenWait[]> {
    return this.#group.read(() => listWaits(this.#connection, query));
  }
}

/** By the statuses of each tenant that a run can have that has not ended. */
export function countOpen(connection: Connection): Partial<Record<RunStatus, number>> {
  const rows = connection.all<{ status: RunStatus; runs: number }>(
    `SELECT status, count(*) AS runs FROM json_each(?) AS each JOIN run INDEXED BY run_by_tenant_status ON tenant = each.value
     WHERE status IN (SELECT value FROM json_each(?)) GROUP BY status`,
    JSON.stringify(tenantsWithRuns(connection)),
    OPEN_STATUSES,
  );
  return Object.fromEntries(rows.map(({ status, runs }) => [status, runs]));
}

/** Newest first. Only what is wanted of all runs is listed by their ids; everything else tenant by tenant. */
export function listRuns(connection: Connection, query: RunQuery): RunSummary[] {
  const span = spanOf(connection, query);
  if (span === undefined) return [];
  const ofTenants = query.tenant === undefined && (query.workflowId !== undefined || query.status !== undefined);
  if (!ofTenants) return page<SummaryRow>(connection, SUMMARY_COLUMNS, { query, span }).map(toSummary);
  const ids = tenantsWithRuns(connection).flatMap((tenant) => page<{ id: RunId }>(connection, 'id', { query: { ...query, tenant }, span }));
  const newest = ids.toSorted((a, b) => (a.id < b.id ? 1 : -1)).slice(0, Math.max(query.limit, 0));
  return newest.flatMap(({ id }) => findSummary(connection, id) ?? []);
}

type Condition = readonly [sql: string, value: string | number];

/**
 * One condition for each filter that is set: every combination walks an index from its newest end. Runs of all statuses are walked status by status and
 * merged, so that no index is needed that does without them.
 */
function page<Row>(connection: Connection, columns: string, { query, span }: { query: RunQuery; span: readonly Condition[] }): Row[] {
  const { tenant, workflowId, status, before, limit } = query;
  const filters = [['tenant = ?', tenant], ['workflow_id = ?', workflowId], ['id < ?', before]] as const;
  const conditions = [...filters.flatMap(([sql, value]): Condition[] => (value === undefined ? [] : [[sql, value]])), ...span];
  const statuses = tenant === undefined ? [] : status === undefined ? RUN_STATUSES : [status];
  const walks = statuses.length === 0 ? [conditions] : statuses.map((one): Condition[] => [...conditions, ['status = ?', one]]);
  return connection.all<Row>(
    `${walks.map((walk) => `SELECT ${columns} FROM run INDEXED BY ${indexFor(query)} ${whereOf(walk)}`).join(' UNION ALL ')} ORDER BY id DESC ${AT_MOST}`,
    ...walks.flat().map(([, value]) => value),
    Math.max(limit, 0),
  );
}

function whereOf(conditions: readonly Condition[]): string {
  return conditions.length === 0 ? '' : `WHERE ${conditions.map(([sql]) => sql).join(' AND ')}`;
}

/** `undefined` when no run is in it. */
function spanOf(connection: Connection, { since, until }: RunQuery): readonly Condition[] | undefined {
  const oldest = since === undefined ? undefined : oldestSince(connection, since);
  const newest = until === undefined ? undefined : newestUntil(connection, until);
  if ((since !== undefined && oldest === undefined) || (until !== undefined && newest === undefined)) return undefined;
  return [
    ...(since === undefined || oldest === undefined ? [] : ([['id >= ?', oldest], ['created_at >= ?', since]] as const)),
    ...(until === undefined || newest === undefined ? [] : ([['id <= ?', newest], ['created_at < ?', until]] as const)),
  ];
}

/** Ids sort by the time of creation, so the oldest run of a span of time ends the walk instead of the oldest of all. */
function oldestSince(connection: Connection, since: number): string | undefined {
  return connection.get<{ id: string }>('SELECT id FROM run WHERE created_at >= ? ORDER BY created_at, id LIMIT 1', since)?.id;
}

/** The other end of the span: the walk begins there. */
function newestUntil(connection: Connection, until: number): string | undefined {
  return connection.get<{ id: string }>('SELECT id FROM run WHERE created_at < ? ORDER BY created_at DESC, id DESC LIMIT 1', until)?.id;
}

/** Named, because the planner has no statistics here and `created_at` would tempt it to sort. */
function indexFor({ tenant, workflowId }: RunQuery): string {
  if (tenant === undefined) return 'sqlite_autoindex_run_1';
  return workflowId === undefined ? 'run_by_tenant_status' : 'run_by_tenant_both';
}
