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
}

export function changeWaits(connection: Connection, waits: NonNullable<Append['waits']>, place: { runId: RunId; at: number }): void {
  for (const { job } of waits.close) connection.run('DELETE FROM wait WHERE run_id = ? AND job = ?', place.runId, job);
  for (const wait of waits.open) {
    connection.run(
      `INSERT INTO wait (run_id, job, step, kind, name, since) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (run_id, job, step) DO NOTHING`,
      place.runId,
      wait.job,
      wait.step,
      wait.kind,
      wait.name ?? null,
      place.at,
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
  if (query.name !== undefined) return 'INDEXED BY wait_by_name';
  return query.kind === undefined ? 'NOT INDEXED' : 'INDEXED BY wait_by_kind';
}

function toOpenWait(row: WaitRow): OpenWait {
  const { n: cursor, run_id: runId, job, step, kind, name, since } = row;
  return { runId, job, step, kind, cursor, since, ...(name === null ? {} : { name }) };
}
