import { DEFAULT_TENANT, isTerminalJob, isTerminalRun, JOURNAL_SCHEMA, type RunEvent, type RunId, type RunState } from '@kb-labs/contracts';
import { AppError, assertNever } from '@kb-labs/errors';

import { corrupt } from './corrupt.js';
import { assign, openJob, type RunDraft } from './drafts.js';
import { expandJob, finishJob, requestCancel, startJob } from './fold-job.js';
import { answerStep, finishStep, startStep, startWaiting, stopWaiting } from './fold-step.js';

/**
 * Folds events into a run's state, from the start or on top of an earlier state.
 *
 * The earlier state is consumed: it is changed in place and must not be used afterwards. That keeps the cost of an
 * event the same however many jobs a run has.
 *
 * Fails with `STATE_CORRUPT` on a journal that no correct writer can have made (a gap, an outcome for something that
 * does not run, anything after the end) and with `STATE_SCHEMA` on one of another version.
 */
export function foldRun(runId: RunId, events: Iterable<RunEvent>, previous?: RunState): RunState {
  let run = previous as RunDraft | undefined;
  for (const event of events) {
    if (event.seq !== (run?.seq ?? 0) + 1) throw corrupt(runId, `event ${event.seq} after ${run?.seq ?? 0}`);
    if (event.type === 'run.started') {
      if (run !== undefined) throw corrupt(runId, 'a second start');
      run = openRun(runId, event);
    } else {
      if (run === undefined) throw corrupt(runId, `${event.type} before the start`);
      if (isTerminalRun(run.status)) throw corrupt(runId, `${event.type} after the end`);
      applyEvent(run, event);
    }
    run.seq = event.seq;
  }
  if (run === undefined) throw corrupt(runId, 'an empty journal');
  return run;
}

function openRun(runId: RunId, event: RunEvent & { type: 'run.started' }): RunDraft {
  if (event.schema !== JOURNAL_SCHEMA) {
    throw new AppError('STATE_SCHEMA', { problem: `run ${runId} has journal version ${String(event.schema)}, known is ${JOURNAL_SCHEMA}` });
  }
  return {
    id: runId,
    seq: 0,
    plan: event.plan,
    trigger: event.trigger,
    root: event.root ?? runId,
    tenant: event.tenant ?? DEFAULT_TENANT,
    ...(event.rerun === undefined ? {} : { rerun: event.rerun }),
    status: 'queued',
    createdAt: event.at,
    outputs: {},
    children: 0,
    callbacks: [],
    openJobs: event.plan.jobs.length,
    runningJobs: 0,
    waitingJobs: 0,
    readyAgain: 0,
    jobs: new Map(event.plan.jobs.map((planned) => [planned.key, openJob(planned.key, planned.steps)])),
  };
}

function applyEvent(run: RunDraft, event: Exclude<RunEvent, { type: 'run.started' }>): void {
  switch (event.type) {
    case 'run.cancel_requested':
      cancelStarted(run, event);
      return;
    case 'run.called_back':
      run.callbacks.push({ payload: event.payload, by: event.by });
      return;
    case 'run.finished':
      if (run.openJobs !== 0) throw corrupt(run.id, `ended with ${run.openJobs} open jobs`);
      run.status = event.status;
      run.outputs = event.outputs;
      run.finishedAt = event.at;
      assign(run, 'error', event.error);
      assign(run, 'reason', event.reason);
      return;
    case 'job.expanded':
      expandJob(run, event);
      return;
    case 'job.cancel_requested':
      requestCancel(run, event);
      return;
    case 'job.started':
      startJob(run, event);
      return;
    case 'job.finished':
      finishJob(run, event);
      return;
    case 'step.started':
      startStep(run, event);
      return;
    case 'step.waiting':
      startWaiting(run, event);
      return;
    case 'step.answered':
      answerStep(run, event);
      return;
    case 'step.finished':
      finishStep(run, event);
      return;
    default:
      assertNever(event);
  }
}

function cancelStarted(run: RunDraft, event: RunEvent & { type: 'run.cancel_requested' }): void {
  run.cancel ??= {
    by: event.by,
    at: event.at,
    ...(event.note === undefined ? {} : { note: event.note }),
    ...(event.cause === undefined ? {} : { cause: event.cause }),
  };
  for (const job of run.jobs.values()) if (job.startedAt !== undefined && !isTerminalJob(job.status) && job.matrix === undefined) stopWaiting(job);
}
