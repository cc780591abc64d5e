import { isTerminalRun, toTicketId, type JobState, type RunView } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';
import { cancelReason, readyJobs } from '@kb-labs/resolver';

import { advanceRun, conditionEnv } from './advance-run.js';
import type { EngineDeps } from './deps.js';
import { toKnownRunId, withWorkerNote } from './read-run.js';
import type { RunDraft } from './run-draft.js';
import { RunStates } from './run-states.js';

export interface CancelRun {
  readonly runId: string;
  /** Who asks, for people. */
  readonly by: string;
  readonly note?: string;
}

/**
 * Cancels a run: what has not started never will, unless its condition asks for it (`always()`, `cancelled()`); what runs
 * is stopped by its worker, and the run ends as cancelled. Asked again, it also stops the steps that clean up.
 * Fails with `RUN_NOT_FOUND`, and with `RUN_FINISHED` when the run had ended in another way.
 */
export async function cancelRun(deps: Pick<EngineDeps, 'log' | 'queue' | 'clock'>, command: CancelRun): Promise<RunView> {
  const states = new RunStates(deps);
  const runId = toKnownRunId(command.runId);
  const decided = await states.decide(runId, (draft) => decideCancel(draft, command));
  if (!decided.ok && decided.refused === 'absent') throw new AppError('RUN_NOT_FOUND', { id: runId });
  const state = decided.ok ? decided.state : await states.read(runId, (current) => current);
  if (isTerminalRun(state.status) && state.status !== 'cancelled') {
    throw new AppError('RUN_FINISHED', { id: runId, status: state.status });
  }
  return withWorkerNote(deps, state);
}

function decideCancel(draft: RunDraft, command: CancelRun): void {
  if (isTerminalRun(draft.state.status)) return;
  draft.add({ type: 'run.cancel_requested', by: command.by, ...(command.note === undefined ? {} : { note: command.note }) });
  const ended: string[] = [];
  const { settled } = readyJobs(draft.state, { env: conditionEnv(draft.state) });
  for (const job of settled) {
    endJob(draft, job.job, job);
    ended.push(job.job);
  }
  for (const job of draft.state.jobs.values()) {
    if (job.finishedAt !== undefined) continue;
    if (job.status === 'waiting' && job.turn > 0) wakeJob(draft, job);
    else if (job.attempt > 1 && job.turn === 0 && job.status !== 'running') {
      endJob(draft, job.key, { status: 'cancelled', reason: cancelReason(draft.state) });
      ended.push(job.key);
    }
  }
  advanceRun(draft, ended);
}

type JobEnd = Pick<Parameters<RunDraft['add']>[0] & { type: 'job.finished' }, 'status' | 'reason' | 'error'>;

function endJob(draft: RunDraft, key: string, end: JobEnd): void {
  const job = draft.state.jobs.get(key);
  if (job === undefined) return;
  draft.settle.push(toTicketId({ runId: draft.state.id, job: key, attempt: job.attempt, turn: job.turn }));
  draft.add({
    type: 'job.finished',
    job: key,
    attempt: job.attempt,
    status: end.status,
    outputs: {},
    ...(end.reason === undefined ? {} : { reason: end.reason }),
    ...(end.error === undefined ? {} : { error: end.error }),
  });
}

/** A job in the middle of its steps is handed out at once, so that its remaining steps are decided by their conditions. */
function wakeJob(draft: RunDraft, job: JobState): void {
  const place = { runId: draft.state.id, job: job.key, attempt: job.attempt, turn: job.turn };
  draft.settle.push(toTicketId(place));
  draft.enqueue.push({ ...place, notBefore: draft.at });
}
