import { isTerminalRun, RUN_STATUSES, type RunId, type RunStatus, type RunSummary } from '@kb-labs/contracts';
import type { Catalog, OpenWait, RunQuery, WaitQuery } from '@kb-labs/ports';

import type { CommitGroup } from './commit-group.js';
import { AT_MOST, type Connection } from './connection.js';
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
    return this.#group.read(() => {
      const rows = this.#connection.all<{ status: RunStatus; runs: number }>(
        `SELECT status, count(*) AS runs FROM run INDEXED BY run_by_status WHERE status IN (SELECT value FROM json_each(?)) GROUP BY status`,
        OPEN_STATUSES,
      );
      return Object.fromEntries(rows.map(({ status, runs }) => [status, runs]));
    });
  }

  listWaits(query: WaitQuery): Promise<OpenWait[]> {
    return this.#group.read(() => listWaits(this.#connection, query));
  }
}

/** One condition for each filter that is set: every combination walks an index from its newest end. */
export function listRuns(connection: Connection, query: RunQuery): RunSummary[] {
  const conditions: string[] = [];
  const values: (string | number)[] = [];
  const narrow = (condition: string, value: string | number | undefined): void => {
    if (value === undefined) return;
    conditions.push(condition);
    values.push(value);
  };
  narrow('tenant = ?', query.tenant);
  narrow('workflow_id = ?', query.workflowId);
  narrow('status = ?', query.status);
  narrow('id < ?', query.before);
  if (query.since !== undefined) {
    const oldest = oldestSince(connection, query.since);
    if (oldest === undefined) return [];
    narrow('id >= ?', oldest);
    narrow('created_at >= ?', query.since);
  }
  if (query.until !== undefined) {
    const newest = newestUntil(connection, query.until);
    if (newest === undefined) return [];
    narrow('id <= ?', newest);
    narrow('created_at < ?', query.until);
  }
  const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
  const rows = connection.all<SummaryRow>(
    `SELECT ${SUMMARY_COLUMNS} FROM run INDEXED BY ${indexFor(query)} ${where} ORDER BY id DESC ${AT_MOST}`,
    ...values,
    Math.max(query.limit, 0),
  );
  return rows.map(toSummary);
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
function indexFor({ tenant, workflowId, status }: RunQuery): string {
  if (tenant === undefined) {
    if (workflowId !== undefined) return status === undefined ? 'run_by_workflow' : 'run_by_both';
    return status === undefined ? 'sqlite_autoindex_run_1' : 'run_by_status';
  }
  if (workflowId !== undefined) return status === undefined ? 'run_by_tenant_workflow' : 'run_by_tenant_both';
  return status === undefined ? 'run_by_tenant' : 'run_by_tenant_status';
}
