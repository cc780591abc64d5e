import { isTerminalJob, isTerminalRun, type PlannedJob } from '@kb-labs/contracts';
import { callsStatusFunction, parseCondition } from '@kb-labs/expressions';
import { cancelReason, plannedJob, readyJobs } from '@kb-labs/resolver';

import { advanceRun, conditionEnv } from './advance-run.js';
import { endJobNow, isBetweenAttempts, wakeJob } from './cancel-job.js';
import type { RunDraft } from './run-draft.js';

/** Adds a cancellation and what follows from it at once. Of a run that has ended, nothing. */
export function decideCancel(draft: RunDraft, command: { readonly by: string; readonly note?: string; readonly cause?: 'timeout' }): void {
  if (isTerminalRun(draft.state.status)) return;
  const { by, note, cause } = command;
  draft.add({ type: 'run.cancel_requested', by, ...(note === undefined ? {} : { note }), ...(cause === undefined ? {} : { cause }) });
  const ended: string[] = [];
  for (const settled of readyJobs(draft.state, { env: conditionEnv(draft.state) }).settled) {
    const job = draft.state.jobs.get(settled.job);
    if (job === undefined) continue;
    endJobNow(draft, job, settled);
    ended.push(job.key);
  }
  for (const job of draft.state.jobs.values()) {
    if (isTerminalJob(job.status) || job.matrix !== undefined) continue;
    const planned = plannedJob(draft.state, job.key);
    const fresh = job.startedAt === undefined && job.attempt === 1;
    if (job.status === 'waiting' && job.turn > 0) wakeJob(draft, job);
    // A job that has not begun was decided above; a combination goes by the condition of its job.
    else if (isBetweenAttempts(job) && (!fresh || (job.combination !== undefined && planned !== undefined && !outlivesCancel(planned)))) {
      endJobNow(draft, job, { status: 'cancelled', reason: cancelReason(draft.state) });
      ended.push(job.key);
    }
  }
  advanceRun(draft, ended);
}

/** Whether the condition under which the job was let go asks about cancellation itself: then that was its answer. */
function outlivesCancel(planned: PlannedJob): boolean {
  const condition = planned.if === null ? undefined : parseCondition(planned.if);
  return condition?.ok === true && callsStatusFunction(condition.expression);
}
