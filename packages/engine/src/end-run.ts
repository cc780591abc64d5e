import { formatDuration, isTerminalJob, type JsonObject, type Reason, type RunError, type RunState, type TerminalJobStatus } from '@kb-labs/contracts';
import { AppError, fromUnknown, toRunError } from '@kb-labs/errors';
import { evaluateTemplate } from '@kb-labs/expressions';
import { endedNeed, runContexts, runOutcome } from '@kb-labs/resolver';

import type { RunDraft } from './run-draft.js';
import { ticketIdOf } from './ticket-of.js';

/** Ends the run when every job has ended. */
export function finishRunIfDone(draft: RunDraft): void {
  const { state } = draft;
  if (state.openJobs > 0) return;
  const status = runOutcome(state, (job) => endOf(state, job));
  const { outputs, error } = runOutputs(state);
  const failed = error !== undefined && status === 'success';
  const shown = failed ? error : runError(state, status);
  draft.add({
    type: 'run.finished',
    status: failed ? 'failed' : status,
    outputs,
    ...(shown === undefined ? {} : { error: shown }),
  });
}

/** Ends what is still open, for a run that is not carried on. */
export function closeRun(draft: RunDraft, end: { status: 'quarantined'; reason: Reason; error: RunError }): void {
  const open = [...draft.state.jobs.values()].filter((job) => !isTerminalJob(job.status));
  // A job with a matrix ends after its combinations.
  for (const job of open.toSorted((a, b) => Number(a.matrix !== undefined) - Number(b.matrix !== undefined))) {
    for (const step of job.steps) {
      if (step.status !== 'running' && step.status !== 'waiting' && step.status !== 'waiting_approval') continue;
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
    draft.settle.push(ticketIdOf(draft.state, job));
    draft.add({ type: 'job.finished', job: job.key, attempt: job.attempt, status: 'cancelled', outputs: {}, reason: end.reason });
  }
  draft.add({ type: 'run.finished', status: end.status, outputs: {}, reason: end.reason, error: end.error });
}

function endOf(state: RunState, key: string): TerminalJobStatus {
  const status = state.jobs.get(key)?.status;
  if (status === undefined || !isTerminalJob(status)) {
    throw new Error(`job ${key} of ${state.id} is ${String(status)} at the end of its run`);
  }
  return status;
}

function runOutputs(state: RunState): { outputs: JsonObject; error?: RunError } {
  const templates = Object.entries(state.plan.outputs);
  if (templates.length === 0) return { outputs: {} };
  const jobs: JsonObject = {};
  for (const { key } of state.plan.jobs) {
    const ended = endedNeed(state, key);
    if (ended !== undefined) jobs[key] = { ...ended, result: endOf(state, key) };
  }
  const scope = { contexts: { ...runContexts(state), jobs } };
  try {
    return { outputs: Object.fromEntries(templates.map(([name, template]) => [name, evaluateTemplate(template, scope)])) };
  } catch (thrown) {
    return { outputs: {}, error: toRunError(fromUnknown(thrown)) };
  }
}

function runError(state: RunState, status: string): RunError | undefined {
  if (status !== 'failed') return undefined;
  if (state.cancel?.cause === 'timeout') return toRunError(new AppError('RUN_TIMEOUT', { limit: formatDuration(state.plan.timeoutMs ?? 0) }));
  for (const planned of state.plan.jobs) {
    const job = state.jobs.get(planned.key);
    if (job?.status === 'failed' && !planned.continueOnError && job.error !== undefined) return job.error;
  }
  return undefined;
}
