import type { RunId } from '@kb-labs/contracts';
import type { EndedRunQuery, KeptBytes, KeptRun } from '@kb-labs/ports';

import { AT_MOST, type Connection } from './connection.js';
import { SUMMARY_COLUMNS, type SummaryRow, toSummary } from './run-summary.js';

interface KeptRow extends SummaryRow {
  readonly journal_bytes: number;
  readonly log_bytes: number;
  readonly artifact_bytes: number;
  readonly ended_at: number;
}

/** A run that has ended counts against its tenant from here on. */
export function countAsKept(connection: Connection, run: number): void {
  connection.run(
    `INSERT INTO kept SELECT tenant, journal_bytes, log_bytes, artifact_bytes FROM run WHERE key = ?
     ON CONFLICT (tenant) DO UPDATE SET journal = journal + excluded.journal, log = log + excluded.log, artifacts = artifacts + excluded.artifacts`,
    run,
  );
}

export function endedRuns(connection: Connection, query: EndedRunQuery): KeptRun[] {
  // Named and with the words of the index: otherwise the planner cannot know that it holds no other rows.
  const { index, part } = PARTS[query.with ?? 'any'];
  const rows = connection.all<KeptRow>(
    `SELECT ${SUMMARY_COLUMNS}, journal_bytes, log_bytes, artifact_bytes, ended_at FROM run INDEXED BY ${index}
     WHERE tenant = ? AND ended = 1 ${part} AND ended_at < ? AND (ended_at, id) > (?, ?) ORDER BY ended_at, id ${AT_MOST}`,
    query.tenant,
    query.before ?? Number.MAX_SAFE_INTEGER,
    query.after?.endedAt ?? Number.MIN_SAFE_INTEGER,
    query.after?.id ?? '',
    Math.max(query.limit, 0),
  );
  return rows.map((row) => ({
    summary: toSummary(row),
    endedAt: row.ended_at,
    bytes: { journal: row.journal_bytes, log: row.log_bytes, artifacts: row.artifact_bytes },
  }));
}

const PARTS = {
  any: { index: 'run_ended', part: '' },
  log: { index: 'run_with_log', part: 'AND log_bytes > 0' },
  artifacts: { index: 'run_with_artifacts', part: 'AND blobs > 0' },
} as const;

/** Jumps from one tenant to the next, instead of reading all runs for the few tenants they have. */
export function tenantsWithRuns(connection: Connection): string[] {
  const rows = connection.all<{ tenant: string }>(
    `WITH RECURSIVE each (tenant) AS (
      SELECT min(tenant) FROM run INDEXED BY run_by_tenant_status
      UNION
      SELECT (SELECT min(tenant) FROM run INDEXED BY run_by_tenant_status WHERE run.tenant > each.tenant) FROM each WHERE tenant IS NOT NULL
    ) SELECT tenant FROM each WHERE tenant IS NOT NULL`,
  );
  return rows.map((row) => row.tenant);
}

export function usageOf(connection: Connection, tenant: string): KeptBytes {
  const row = connection.get<KeptBytes>('SELECT journal, log, artifacts FROM kept WHERE tenant = ?', tenant);
  return { journal: row?.journal ?? 0, log: row?.log ?? 0, artifacts: row?.artifacts ?? 0 };
}

/** The key of a run that has ended; `undefined` for any other. */
export function findEnded(connection: Connection, runId: RunId): number | undefined {
  return connection.get<{ key: number }>('SELECT key FROM run WHERE id = ? AND ended = 1', runId)?.key;
}
