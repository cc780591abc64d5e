import type { RunId } from '@kb-labs/contracts';
import type { Append, NewWait, OpenWait, WaitQuery } from '@kb-labs/ports';

import { AT_MOST, type Connection } from './connection.js';

interface WaitRow {
  readonly n: number;
  readonly run_id: RunId;
  readonly job: string;
  readonly step: string;
  readonly kind: NewWait['kind'];
  readonly name: string | null;
  readonly since: number;
  readonly tenant: string;
}

export function changeWaits(connection: Connection, waits: NonNullable<Append['waits']>, place: { runId: RunId; at: number }): void {
  for (const { job } of waits.close) connection.run('DELETE FROM wait WHERE run_id = ? AND job = ?', place.runId, job);
  for (const wait of waits.open) {
    connection.run(
      `INSERT INTO wait (run_id, tenant, job, step, kind, name, since)
       SELECT id, tenant, ?, ?, ?, ?, ? FROM run WHERE id = ? ON CONFLICT (run_id, job, step) DO NOTHING`,
      wait.job,
      wait.step,
      wait.kind,
      wait.name ?? null,
      place.at,
      place.runId,
    );
  }
}

export function dropWaitsOf(connection: Connection, runId: RunId): void {
  connection.run('DELETE FROM wait WHERE run_id = ?', runId);
}

export function listWaits(connection: Connection, query: WaitQuery): OpenWait[] {
  const conditions: string[] = ['n > ?'];
  const values: (string | number)[] = [query.after ?? 0];
  const narrow = (column: string, value: string | undefined): void => {
    if (value === undefined) return;
    conditions.push(`${column} = ?`);
    values.push(value);
  };
  narrow('run_id', query.runId);
  narrow('tenant', query.tenant);
  narrow('name', query.name);
  narrow('kind', query.kind);
  const rows = connection.all<WaitRow>(
    `SELECT * FROM wait ${indexFor(query)} WHERE ${conditions.join(' AND ')} ORDER BY n ${AT_MOST}`,
    ...values,
    Math.max(query.limit, 0),
  );
  return rows.map(toOpenWait);
}

/** Named, because the planner has no statistics here: each ends in `n`, so that a page is read and nothing is sorted. */
function indexFor(query: WaitQuery): string {
  if (query.runId !== undefined) return 'INDEXED BY wait_by_run';
  const byTenant = query.tenant !== undefined;
  if (query.name !== undefined) return byTenant ? 'INDEXED BY wait_by_tenant_name' : 'INDEXED BY wait_by_name';
  if (query.kind !== undefined) return byTenant ? 'INDEXED BY wait_by_tenant_kind' : 'INDEXED BY wait_by_kind';
  return byTenant ? 'INDEXED BY wait_by_tenant' : 'NOT INDEXED';
}

function toOpenWait(row: WaitRow): OpenWait {
  const { n: cursor, run_id: runId, tenant, job, step, kind, name, since } = row;
  return { runId, tenant, job, step, kind, cursor, since, ...(name === null ? {} : { name }) };
}
