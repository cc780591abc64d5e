import type { ArtifactHandle, JsonObject, PlannedJob, RetryPolicy, RunError, RunEventBody, StepWait } from '@kb-labs/contracts';
import { isErrorCode, REGISTER } from '@kb-labs/errors';
import { decideRetry, stopReason } from '@kb-labs/resolver';

import { advanceRun } from './advance-run.js';
import { answerStep } from './answer-step.js';
import type { EngineDeps } from './deps.js';
import type { JobHold } from './job-hold.js';
import type { RunDraft } from './run-draft.js';
import type { Decider } from './decider.js';
import { ticketOf } from './ticket-of.js';

export interface JobEnd {
  /** Events of the hand-out that are not in the journal yet. */
  readonly events: readonly RunEventBody[];
  readonly planned: PlannedJob;
  readonly status: 'success' | 'failed' | 'cancelled';
  readonly outputs: JsonObject;
  readonly artifacts: readonly ArtifactHandle[];
  readonly error?: RunError;
}

/** Ends a job attempt: its outcome, the next attempt if the policy grants one, and what follows for other jobs, in one append. */
export async function endJob(deps: Pick<EngineDeps, 'random'>, states: Decider, hold: JobHold, end: JobEnd): Promise<void> {
  const { lease } = hold;
  hold.leaving = true;
  await states.decideOwn(
    lease.runId,
    (draft) => {
      for (const event of end.events) draft.add(event);
      draft.settle.push(lease.id);
      const { status, outputs, artifacts, error } = end;
      const stopped = draft.state.cancel !== undefined || draft.state.jobs.get(lease.job)?.cancelReason !== undefined;
      const reason = status === 'cancelled' && stopped ? stopReason(draft.state, lease.job) : undefined;
      const finished = {
        type: 'job.finished' as const,
        job: lease.job,
        attempt: lease.attempt,
        status,
        outputs,
        ...(artifacts.length === 0 ? {} : { artifacts }),
        ...(error === undefined ? {} : { error }),
        ...(reason === undefined ? {} : { reason }),
      };
      const retry = retryOf(draft, hold, end, deps.random());
      if (retry === undefined) {
        draft.add(finished);
        advanceRun(draft, [lease.job]);
        return;
      }
      draft.add({ ...finished, retry, reason: { rule: 'retry', message: `attempt ${retry.attempt} follows ${retry.code}`, dueAt: retry.dueAt } });
      draft.enqueue.push(ticketOf(draft.state, { key: lease.job, attempt: retry.attempt, turn: 0 }, retry.dueAt));
    },
    { ticket: lease.id, token: lease.token },
  );
}

/**
 * Lets a job wait without a worker: its events, and a ticket for when it goes on by itself, if it does. What the step waits
 * for can have come already: then it goes on at once. When a cancellation came that the hand-out did not know of when it
 * decided to wait, nothing is written: `cancelled`. The wait before a retry just ends.
 */
export async function suspendJob(
  states: Decider,
  hold: JobHold,
  wait: { events: readonly RunEventBody[]; dueAt: number | undefined; knewOfCancel: boolean; step?: { readonly id: string; readonly wait: StepWait } },
): Promise<'waiting' | 'lost' | 'cancelled'> {
  const { lease } = hold;
  let cancelled = false;
  const decided = await states.decideOwn(
    lease.runId,
    (draft) => {
      const before = draft.state.jobs.get(lease.job);
      cancelled = !wait.knewOfCancel && (draft.state.cancel !== undefined || before?.cancelReason !== undefined);
      if (cancelled && wait.step !== undefined) return;
      for (const event of wait.events) draft.add(event);
      draft.settle.push(lease.id);
      const job = draft.state.jobs.get(lease.job);
      if (job === undefined) return;
      const calledBack = wait.step?.wait.kind === 'callback' ? draft.state.callbacks[0] : undefined;
      const step = job.steps.find((one) => one.id === wait.step?.id);
      if (calledBack !== undefined && step !== undefined) {
        answerStep(draft, job, step, { kind: 'callback', ...calledBack });
        return;
      }
      const due = cancelled ? draft.at : wait.dueAt;
      if (due !== undefined) draft.enqueue.push(ticketOf(draft.state, job, due));
    },
    { ticket: lease.id, token: lease.token },
  );
  if (!decided.ok) return 'lost';
  return cancelled && wait.step !== undefined ? 'cancelled' : 'waiting';
}

function retryOf(draft: RunDraft, hold: JobHold, end: JobEnd, random: number) {
  if (end.status !== 'failed' || hold.cancelled || draft.state.cancel !== undefined) return undefined;
  const code = end.error?.code ?? 'STEP_FAILED';
  const tried = { attempt: hold.lease.attempt, failuresBefore: hold.lease.attempt - 1, code, retryable: canRetry(end.planned.retry, code) };
  return decideRetry(end.planned.retry, tried, { now: draft.at, random });
}

/** Beginning anew helps against what the register calls retryable and against what plugins report; and whatever the policy names. */
function canRetry(policy: RetryPolicy, code: string): boolean {
  if (policy.on?.includes(code) === true) return true;
  return isErrorCode(code) ? REGISTER[code].retryable : true;
}
