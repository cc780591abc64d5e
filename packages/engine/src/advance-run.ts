import {
  toTicketId,
  type JsonObject,
  type Reason,
  type RunError,
  type RunState,
  type TerminalJobStatus,
} from '@kb-labs/contracts';
import { fromUnknown, toRunError } from '@kb-labs/errors';
import { evaluateTemplate } from '@kb-labs/expressions';
import { type Readiness, readyJobs, runContexts, runOutcome } from '@kb-labs/resolver';

import type { RunDraft } from './run-draft.js';
import { evaluateEnv } from './evaluate-env.js';

/**
 * Adds everything that follows from jobs that ended in this draft: jobs that never run, tickets for those that can now,
 * and the end of the run when nothing is left.
 */
export function advanceRun(draft: RunDraft, ended: readonly string[]): void {
  settleJobs(draft, readyJobs(draft.state, { after: ended, env: conditionEnv(draft.state) }));
  finishRunIfDone(draft);
}

/** Adds the ends of jobs that never run, and tickets for those that can. */
export function settleJobs(draft: RunDraft, { ready, settled }: Readiness): void {
  for (const job of settled) {
    draft.add({
      type: 'job.finished',
      job: job.job,
      attempt: 1,
      status: job.status,
      outputs: {},
      ...(job.reason === undefined ? {} : { reason: job.reason }),
      ...(job.error === undefined ? {} : { error: job.error }),
    });
  }
  for (const job of ready) draft.enqueue.push({ runId: draft.state.id, job, attempt: 1, turn: 0, notBefore: draft.at });
}

export function finishRunIfDone(draft: RunDraft): void {
  const { state } = draft;
  if (state.openJobs > 0) return;
  const status = runOutcome(state, (job) => endOf(state, job));
  const { outputs, error } = runOutputs(state);
  const failed = error !== undefined && status === 'success';
  const shown = failed ? error : firstJobError(state, status);
  draft.add({
    type: 'run.finished',
    status: failed ? 'failed' : status,
    outputs,
    ...(shown === undefined ? {} : { error: shown }),
  });
}

/** Ends what is still open, for a run that is not carried on. */
export function closeRun(draft: RunDraft, end: { status: 'quarantined'; reason: Reason; error: RunError }): void {
  for (const job of draft.state.jobs.values()) {
    if (job.finishedAt !== undefined) continue;
    for (const step of job.steps) {
      if (step.status !== 'running' && step.status !== 'waiting') continue;
      draft.add({
        type: 'step.finished',
        job: job.key,
        attempt: job.attempt,
        step: step.id,
        stepAttempt: step.attempt,
        status: 'cancelled',
        outputs: {},
        artifacts: [],
        reason: end.reason,
      });
    }
    draft.settle.push(toTicketId({ runId: draft.state.id, job: job.key, attempt: job.attempt, turn: job.turn }));
    draft.add({ type: 'job.finished', job: job.key, attempt: job.attempt, status: 'cancelled', outputs: {}, reason: end.reason });
  }
  draft.add({ type: 'run.finished', status: end.status, outputs: {}, reason: end.reason, error: end.error });
}

/** The environment that job conditions read: the workflow's own. One that cannot be evaluated fails the job that asks for it. */
export function conditionEnv(state: RunState): JsonObject {
  try {
    return evaluateEnv({}, state.plan.env, runContexts(state));
  } catch {
    return {};
  }
}

function endOf(state: RunState, key: string): TerminalJobStatus {
  const status = state.jobs.get(key)?.status;
  switch (status) {
    case 'success':
    case 'failed':
    case 'cancelled':
    case 'skipped':
      return status;
    default:
      throw new Error(`job ${key} of ${state.id} is ${String(status)} at the end of its run`);
  }
}

function runOutputs(state: RunState): { outputs: JsonObject; error?: RunError } {
  const jobs: JsonObject = {};
  for (const [key, job] of state.jobs) jobs[key] = { result: job.status, outputs: job.outputs };
  const scope = { contexts: { ...runContexts(state), jobs } };
  try {
    const entries = Object.entries(state.plan.outputs).map(([name, template]) => [name, evaluateTemplate(template, scope)]);
    return { outputs: Object.fromEntries(entries) as JsonObject };
  } catch (thrown) {
    return { outputs: {}, error: toRunError(fromUnknown(thrown)) };
  }
}

function firstJobError(state: RunState, status: string): RunError | undefined {
  if (status !== 'failed') return undefined;
  for (const planned of state.plan.jobs) {
    const job = state.jobs.get(planned.key);
    if (job?.status === 'failed' && !planned.continueOnError && job.error !== undefined) return job.error;
  }
  return undefined;
}
