import type { JsonObject, PlannedJob, RunError, RunEventBody } from '@kb-labs/contracts';
import { decideRetry } from '@kb-labs/resolver';

import { advanceRun } from './advance-run.js';
import type { EngineDeps } from './deps.js';
import type { JobHold } from './job-hold.js';
import type { RunDraft } from './run-draft.js';
import type { RunStates } from './run-states.js';

export interface JobEnd {
  /** Events of the hand-out that are not in the journal yet. */
  readonly events: readonly RunEventBody[];
  readonly planned: PlannedJob;
  readonly status: 'success' | 'failed' | 'cancelled';
  readonly outputs: JsonObject;
  readonly error?: RunError;
}

/** Ends a job attempt: its outcome, the next attempt if the policy grants one, and what follows for other jobs, in one append. */
export async function endJob(deps: Pick<EngineDeps, 'random'>, states: RunStates, hold: JobHold, end: JobEnd): Promise<void> {
  const { lease } = hold;
  await states.decide(
    lease.runId,
    (draft) => {
      for (const event of end.events) draft.add(event);
      draft.settle.push(lease.id);
      const finished = { type: 'job.finished' as const, job: lease.job, attempt: lease.attempt, status: end.status, outputs: end.outputs, ...(end.error === undefined ? {} : { error: end.error }) };
      const retry = retryOf(draft, hold, end, deps.random());
      if (retry === undefined) {
        draft.add(finished);
        advanceRun(draft, [lease.job]);
        return;
      }
      draft.add({ ...finished, retry, reason: { rule: 'retry', message: `attempt ${retry.attempt} follows ${retry.code}`, dueAt: retry.dueAt } });
      draft.enqueue.push({ runId: lease.runId, job: lease.job, attempt: retry.attempt, turn: 0, notBefore: retry.dueAt });
    },
    { ticket: lease.id, token: lease.token },
  );
}

/** Lets a job wait without a worker: its events, and a ticket for when it goes on. */
export async function suspendJob(
  states: RunStates,
  hold: JobHold,
  wait: { events: readonly RunEventBody[]; dueAt: number },
): Promise<'waiting' | 'lost'> {
  const { lease } = hold;
  const next = { runId: lease.runId, job: lease.job, attempt: lease.attempt, turn: lease.turn + 1 };
  const decided = await states.decide(
    lease.runId,
    (draft) => {
      for (const event of wait.events) draft.add(event);
      draft.settle.push(lease.id);
      // A cancellation that came in between must not wait for the retry.
      draft.enqueue.push({ ...next, notBefore: draft.state.cancel === undefined ? wait.dueAt : draft.at });
    },
    { ticket: lease.id, token: lease.token },
  );
  return decided.ok ? 'waiting' : 'lost';
}

function retryOf(draft: RunDraft, hold: JobHold, end: JobEnd, random: number) {
  if (end.status !== 'failed' || hold.cancelled || draft.state.cancel !== undefined) return undefined;
  const code = end.error?.code ?? 'STEP_FAILED';
  const tried = { attempt: hold.lease.attempt, failuresBefore: hold.lease.attempt - 1, code, retryable: true };
  return decideRetry(end.planned.retry, tried, { now: draft.at, random });
}
