import { type JobState, type JsonObject, type PlannedJob, type RunError, type RunState, type TaskStatus, toCombinationKey } from '@kb-labs/contracts';
import { assertNever } from '@kb-labs/errors';

import { INTERRUPTED_CODE } from './session-run-status.js';
import { taskIdOf } from './view-ids.js';

/** A job of a run. Times are ms since the epoch. */
export interface ScopedTask {
  readonly taskId: string;
  readonly job: string;
  readonly status: TaskStatus;
  /** It was cut off: that speaks neither for nor against what it was part of. */
  readonly interrupted: boolean;
  readonly exitCode: number | null;
  readonly terminalReason: string | null;
  readonly attempt: number;
  readonly outputs: JsonObject;
  readonly error: RunError | null;
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
}

/** In the order of the plan; a job with a matrix is its combinations, once it has become them. */
export function tasksOf(state: RunState): ScopedTask[] {
  return state.plan.jobs.flatMap((planned) => {
    const job = state.jobs.get(planned.key);
    if (job === undefined) return [];
    if (job.matrix === undefined) return [toTask(state, planned, job)];
    return Array.from({ length: job.matrix.total }, (_, index) => state.jobs.get(toCombinationKey(planned.key, index + 1))).flatMap((one) => (one === undefined ? [] : [toTask(state, planned, one)]));
  });
}

function toTask(state: RunState, planned: PlannedJob, job: JobState): ScopedTask {
  const failure = hiddenFailure(job);
  const interrupted = failure === undefined && isInterrupted(job);
  return {
    taskId: taskIdOf(state.id, job.key),
    job: job.key,
    status: interrupted ? 'cancelled' : failure === undefined ? statusOf(job) : 'failed',
    interrupted,
    exitCode: exitCodeOf(planned, job),
    terminalReason: interrupted ? 'interrupted' : reasonOf(job, failure),
    attempt: job.attempt,
    outputs: job.outputs,
    error: job.error ?? failure?.error ?? null,
    startedAt: job.startedAt ?? null,
    finishedAt: job.finishedAt ?? null,
  };
}

function statusOf(job: JobState): TaskStatus {
  const { status } = job;
  switch (status) {
    case 'queued':
      return 'pending';
    case 'running':
    case 'interrupted':
      return 'in_progress';
    case 'waiting':
      return 'blocked';
    case 'success':
      return 'completed';
    case 'failed':
      return 'failed';
    case 'cancelled':
      return 'cancelled';
    case 'skipped':
      return job.reason?.rule === 'cancelled' ? 'cancelled' : 'completed';
    default:
      return assertNever(status);
  }
}

/**
 * A step that failed for good and does not show in how its job ended: under `continue-on-error` the job went on, and what it was to do was not
 * done. That the job was cut off afterwards makes it no better.
 */
function hiddenFailure(job: JobState): { readonly step: string; readonly error: RunError | undefined } | undefined {
  if (job.status !== 'success' && !isInterrupted(job)) return undefined;
  const failed = job.steps.find((step) => step.status === 'failed' && (job.status === 'success' || step.error?.code !== INTERRUPTED_CODE));
  return failed === undefined ? undefined : { step: failed.id, error: failed.error };
}

/** Cut off and not to be tried again, or still open when its run was put aside. */
function isInterrupted({ status, error, reason }: JobState): boolean {
  return status === 'failed' ? error?.code === INTERRUPTED_CODE : status === 'cancelled' && reason?.rule === 'quarantine';
}

/** Of the last script of the job that ended by itself. Outputs can be re-mapped; that a script succeeded says what its code was. */
function exitCodeOf(planned: PlannedJob, job: JobState): number | null {
  const codes = job.steps.flatMap((step, index) => {
    const uses = planned.steps[index]?.uses;
    if (uses?.kind !== 'builtin' || uses.name !== 'run') return [];
    const code = step.status === 'success' ? 0 : step.status === 'failed' ? step.outputs['exitCode'] : undefined;
    return typeof code === 'number' ? [code] : [];
  });
  return codes.at(-1) ?? null;
}

function reasonOf(job: JobState, failure: ReturnType<typeof hiddenFailure>): string | null {
  if (failure !== undefined) return `the step ${failure.step} failed${failure.error === undefined ? '' : `: ${failure.error.message}`}`;
  if (job.error !== undefined) return job.error.message;
  if (job.reason === undefined) return null;
  return job.status === 'skipped' ? `skipped: ${job.reason.message}` : job.reason.message;
}
