import { isTerminalJob, type JobState, type Reason } from '@kb-labs/contracts';

import type { RunDraft } from './run-draft.js';
import { ticketIdOf, ticketOf } from './ticket-of.js';

/**
 * Cancels one job of a run that goes on. What has not begun ends here: `true`. What runs is stopped by its worker, what
 * waits is handed out at once, so that its remaining steps are decided by their conditions.
 */
export function cancelJob(draft: RunDraft, key: string, reason: Reason): boolean {
  const job = draft.state.jobs.get(key);
  if (job === undefined || isTerminalJob(job.status) || job.matrix !== undefined || job.cancelReason !== undefined) return false;
  if (isBetweenAttempts(job)) {
    endJobNow(draft, job, { status: 'cancelled', reason });
    return true;
  }
  draft.add({ type: 'job.cancel_requested', job: key, reason });
  if (job.status === 'waiting') wakeJob(draft, job);
  return false;
}

/** Nothing of the attempt has happened: the job can end without a worker. */
export function isBetweenAttempts(job: JobState): boolean {
  return job.turn === 0 && job.status !== 'running' && (job.startedAt === undefined || job.attempt > 1);
}

export function endJobNow(draft: RunDraft, job: JobState, end: { status: 'cancelled' | 'skipped' | 'failed'; reason?: Reason | undefined; error?: JobState['error'] }): void {
  draft.settle.push(ticketIdOf(draft.state, job));
  draft.add({
    type: 'job.finished',
    job: job.key,
    attempt: job.attempt,
    status: end.status,
    outputs: {},
    ...(end.reason === undefined ? {} : { reason: end.reason }),
    ...(end.error === undefined ? {} : { error: end.error }),
  });
}

/** A job in the middle of its steps is handed out at once. */
export function wakeJob(draft: RunDraft, job: JobState): void {
  draft.settle.push(ticketIdOf(draft.state, job));
  draft.enqueue.push(ticketOf(draft.state, job, draft.at));
}
