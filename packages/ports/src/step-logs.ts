import type { LogLine, RunId } from '@kb-labs/contracts';

import type { Fence } from './job-queue.js';

/** The logs of steps: streams of their own, never inside events. */
export interface StepLogs {
  /**
   * Stores lines durably, in order. `false`: the lease is not valid any more and nothing was stored.
   * Lines number themselves per step: the adapter refuses a gap or a repetition as `STATE_CORRUPT`.
   */
  append(runId: RunId, fence: Fence, lines: readonly LogLine[]): Promise<boolean>;
  /** The last number used by a step, 0 when it has no line. */
  lastLine(runId: RunId, job: string, step: string): Promise<number>;
  /** Lines in the order they were stored, after a cursor of an earlier answer. */
  read(runId: RunId, query: LogQuery): Promise<LogPage>;
  /** Calls back when lines of a run may have been added, whichever process wrote. A hint, like `EventLog.watch`. */
  watch(runId: RunId, onChange: () => void): () => void;
}

export interface LogQuery {
  readonly job?: string;
  readonly step?: string;
  /** Written at or after, in milliseconds since the epoch. */
  readonly since?: number;
  /** From the start when left out. */
  readonly after?: number;
  readonly limit: number;
}

export interface LogPage {
  readonly lines: readonly LogLine[];
  /** Pass it as `after` to go on. */
  readonly cursor: number;
  /** Whether there was more than `limit` when called. */
  readonly more: boolean;
}
