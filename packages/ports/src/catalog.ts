import type { RunId, RunStatus, RunSummary } from '@kb-labs/contracts';

import type { NewWait } from './event-log.js';

/** The summary rows kept beside the journals, for lists. */
export interface Catalog {
  listRuns(query: RunQuery): Promise<RunSummary[]>;
  getRun(runId: RunId): Promise<RunSummary | undefined>;
  /** Runs that have not ended, oldest first, with ids after `after`. */
  openRuns(page: { after?: RunId; limit: number }): Promise<RunId[]>;
  /** How many runs there are that have not ended, by status. A status that no run has is left out. */
  countOpen(): Promise<Readonly<Partial<Record<RunStatus, number>>>>;
  /** Steps that wait for something from outside, those that began first at the front. `after` is the cursor of the last of the page before. */
  listWaits(query: WaitQuery): Promise<OpenWait[]>;
}

export interface WaitQuery {
  readonly kind?: NewWait['kind'];
  /** Of signals. */
  readonly name?: string;
  readonly runId?: RunId;
  /** Of the run. */
  readonly tenant?: string;
  readonly after?: number;
  readonly limit: number;
}

export interface OpenWait extends NewWait {
  readonly runId: RunId;
  readonly tenant: string;
  readonly cursor: number;
  /** Milliseconds since the epoch. */
  readonly since: number;
}

/**
 * Newest first. Every combination is found by an index: a page costs what it answers, however many runs there are. `before` is the id of the last run of
 * the page before.
 */
export interface RunQuery {
  readonly tenant?: string;
  readonly workflowId?: string;
  readonly status?: RunStatus;
  /** Created at or after, in milliseconds since the epoch. */
  readonly since?: number;
  /** Created before, in milliseconds since the epoch. */
  readonly until?: number;
  readonly before?: RunId;
  readonly limit: number;
}
