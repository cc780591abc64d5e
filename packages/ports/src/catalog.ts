import type { RunId, RunStatus, RunSummary } from '@kb-labs/contracts';

/** The summary rows kept beside the journals, for lists. */
export interface Catalog {
  listRuns(query: RunQuery): Promise<RunSummary[]>;
  getRun(runId: RunId): Promise<RunSummary | undefined>;
  /** Runs that have not ended, oldest first, with ids after `after`. */
  openRuns(page: { after?: RunId; limit: number }): Promise<RunId[]>;
}

/** Newest first. `before` is the id of the last run of the page before. */
export interface RunQuery {
  readonly workflowId?: string;
  readonly status?: RunStatus;
  /** Created at or after, in milliseconds since the epoch. */
  readonly since?: number;
  readonly before?: RunId;
  readonly limit: number;
}
