import type { RunId, RunStatus, RunSummary } from '@kb-labs/contracts';

import type { Connection } from './connection.js';

/** The columns of a run that make its summary. */
export interface SummaryRow {
  readonly id: string;
  readonly workflow_id: string;
  readonly workflow_version: string | null;
  readonly status: RunStatus;
  readonly origin: string;
  readonly created_at: number;
  readonly started_at: number | null;
  readonly finished_at: number | null;
  readonly root: string;
  readonly tenant: string;
  readonly parent: string | null;
  readonly log_removed_at: number | null;
  readonly artifacts_removed_at: number | null;
}

export const SUMMARY_COLUMNS =
  'id, workflow_id, workflow_version, status, origin, created_at, started_at, finished_at, root, tenant, parent, log_removed_at, artifacts_removed_at';

const FIND = `SELECT ${SUMMARY_COLUMNS} FROM run WHERE id = ?`;

export function findSummary(connection: Connection, runId: RunId): RunSummary | undefined {
  const row = connection.get<SummaryRow>(FIND, runId);
  return row === undefined ? undefined : toSummary(row);
}

export function toSummary(row: SummaryRow): RunSummary {
  return {
    id: row.id,
    workflowId: row.workflow_id,
    workflowVersion: row.workflow_version,
    status: row.status,
    root: row.root,
    tenant: row.tenant,
    trigger: JSON.parse(row.origin) as RunSummary['trigger'],
    createdAt: row.created_at,
    startedAt: row.started_at,
    finishedAt: row.finished_at,
    ...(row.parent === null ? {} : { parent: row.parent }),
    ...(row.log_removed_at === null ? {} : { logRemovedAt: row.log_removed_at }),
    ...(row.artifacts_removed_at === null ? {} : { artifactsRemovedAt: row.artifacts_removed_at }),
  };
}
