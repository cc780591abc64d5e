/** The states of runs, jobs and steps. A terminal state never changes. */
export const RUN_STATUSES = ['queued', 'running', 'waiting', 'success', 'failed', 'cancelled', 'skipped', 'quarantined'] as const;
export type RunStatus = (typeof RUN_STATUSES)[number];

export const JOB_STATUSES = ['queued', 'running', 'waiting', 'success', 'failed', 'cancelled', 'skipped', 'interrupted'] as const;
export type JobStatus = (typeof JOB_STATUSES)[number];

export type StepStatus = JobStatus | 'waiting_approval';

export type TerminalRunStatus = Extract<RunStatus, 'success' | 'failed' | 'cancelled' | 'skipped' | 'quarantined'>;
export type TerminalJobStatus = Extract<JobStatus, 'success' | 'failed' | 'cancelled' | 'skipped'>;

const TERMINAL_RUN: ReadonlySet<string> = new Set<TerminalRunStatus>(['success', 'failed', 'cancelled', 'skipped', 'quarantined']);
const TERMINAL_JOB: ReadonlySet<string> = new Set<TerminalJobStatus>(['success', 'failed', 'cancelled', 'skipped']);

export function isTerminalRun(status: RunStatus): status is TerminalRunStatus {
  return TERMINAL_RUN.has(status);
}

/** For jobs and steps. */
export function isTerminalJob(status: StepStatus): status is TerminalJobStatus {
  return TERMINAL_JOB.has(status);
}
