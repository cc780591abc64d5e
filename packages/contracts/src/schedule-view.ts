import type { RunStatus } from './status.js';

/** An entry of `on.schedule` and how it stands. Times are ISO 8601 in UTC. */
export interface ScheduleView {
  readonly id: string;
  readonly workflowId: string;
  readonly file: string;
  readonly cron: string;
  readonly timezone: string;
  readonly catchup: 'none' | 'last' | 'all';
  readonly overlap: 'skip' | 'queue' | 'allow';
  /** `broken`: its document cannot be run as it is. */
  readonly status: 'active' | 'paused' | 'broken';
  /** The next ten times, fewer when there are no more. */
  readonly next: readonly string[];
  /** Times that wait for a run to end. */
  readonly waiting: readonly string[];
  readonly lastRun: ScheduleRunView | null;
  readonly lastSkip: ScheduleSkipView | null;
  readonly problem: ScheduleProblemView | null;
  readonly paused: { readonly at: string; readonly by: string } | null;
}

export interface ScheduleRunView {
  readonly runId: string;
  /** The time it was started for. */
  readonly at: string;
  readonly startedAt: string;
  /** `null` when the run is not kept any more. */
  readonly status: RunStatus | null;
}

/** Times that no run was started for, from the first to the last of them. */
export interface ScheduleSkipView {
  readonly from: string;
  readonly to: string;
  /** `running`: a run went on; `queue-full`: too many waited; `missed`: nobody looked, and they are not made up for. */
  readonly why: 'running' | 'queue-full' | 'missed';
}

/** Why a run could not be started. */
export interface ScheduleProblemView {
  readonly code: string;
  readonly message: string;
  /** The time that it was to be started for; `null`: it has not come yet. */
  readonly at: string | null;
}
