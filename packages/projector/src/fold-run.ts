import {
  type ArtifactHandle,
  isTerminalJob,
  isTerminalRun,
  JOURNAL_SCHEMA,
  type JobState,
  type JobStatus,
  type PlannedJob,
  type RunEvent,
  type RunId,
  type RunState,
  type StepState,
} from '@kb-labs/contracts';
import { AppError, assertNever } from '@kb-labs/errors';

type Draft<T> = { -readonly [K in keyof T]: T[K] };
type JobDraft = Omit<Draft<JobState>, 'steps'> & { steps: Draft<StepState>[] };
type RunDraft = Omit<Draft<RunState>, 'jobs'> & { jobs: Map<string, JobDraft> };

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
    status: 'queued',
    createdAt: event.at,
    outputs: {},
    openJobs: event.plan.jobs.length,
    runningJobs: 0,
    waitingJobs: 0,
    jobs: new Map(event.plan.jobs.map((planned) => [planned.key, openJob(planned)])),
  };
}

function openJob(planned: PlannedJob): JobDraft {
  return { key: planned.key, status: 'queued', attempt: 1, turn: 0, outputs: {}, steps: openSteps(planned.steps) };
}

function openSteps(steps: readonly { readonly id: string }[]): Draft<StepState>[] {
  return steps.map((step) => ({
    id: step.id,
    status: 'queued',
    attempt: 1,
    interruptions: 0,
    failures: 0,
    outputs: {},
    artifacts: [],
  }));
}

function applyEvent(run: RunDraft, event: Exclude<RunEvent, { type: 'run.started' }>): void {
  switch (event.type) {
    case 'run.cancel_requested':
      cancelStarted(run, event);
      return;
    case 'run.finished':
      if (run.openJobs !== 0) throw corrupt(run.id, `ended with ${run.openJobs} open jobs`);
      run.status = event.status;
      run.outputs = event.outputs;
      run.finishedAt = event.at;
      assign(run, 'error', event.error);
      assign(run, 'reason', event.reason);
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
    case 'step.finished':
      finishStep(run, event);
      return;
    default:
      assertNever(event);
  }
}

function cancelStarted(run: RunDraft, event: RunEvent & { type: 'run.cancel_requested' }): void {
  run.cancel ??= { by: event.by, at: event.at, ...(event.note === undefined ? {} : { note: event.note }) };
  for (const job of run.jobs.values()) if (job.startedAt !== undefined && !isTerminalJob(job.status)) job.cancelled = true;
}

function startJob(run: RunDraft, event: RunEvent & { type: 'job.started' }): void {
  const job = openJobOf(run, event.job, event.attempt);
  if (job.turn !== event.turn) throw corrupt(run.id, `job ${job.key} started at turn ${event.turn}, expected ${job.turn}`);
  setJobStatus(run, job, 'running');
  job.startedAt ??= event.at;
  delete job.reason;
  delete job.dueAt;
  run.startedAt ??= event.at;
  settleRunStatus(run);
}

function finishJob(run: RunDraft, event: RunEvent & { type: 'job.finished' }): void {
  const job = openJobOf(run, event.job, event.attempt);
  assign(job, 'error', event.error);
  assign(job, 'reason', event.reason);
  if (event.retry === undefined) {
    setJobStatus(run, job, event.status);
    run.openJobs -= 1;
    job.outputs = event.outputs;
    job.finishedAt = event.at;
    delete job.dueAt;
  } else {
    job.attempt = event.retry.attempt;
    job.turn = 0;
    job.dueAt = event.retry.dueAt;
    job.steps = openSteps(job.steps).map((step, index) => ({ ...step, artifacts: job.steps[index]?.artifacts ?? [] }));
    setJobStatus(run, job, event.retry.dueAt > event.at ? 'waiting' : 'queued');
  }
  settleRunStatus(run);
}

function startStep(run: RunDraft, event: RunEvent & { type: 'step.started' }): void {
  const { job, step } = openStepOf(run, event);
  if (job.status !== 'running') throw corrupt(run.id, `step ${step.id} started while job ${job.key} is ${job.status}`);
  if (step.status === 'running' || step.attempt !== event.stepAttempt) throw corrupt(run.id, `step ${step.id} started twice`);
  step.status = 'running';
  step.isolation = event.isolation;
  step.startedAt ??= event.at;
  delete step.dueAt;
  delete step.reason;
}

function finishStep(run: RunDraft, event: RunEvent & { type: 'step.finished' }): void {
  const { job, step } = openStepOf(run, event);
  if (step.attempt !== event.stepAttempt) throw corrupt(run.id, `step ${step.id} ended at try ${event.stepAttempt}, expected ${step.attempt}`);
  assign(step, 'error', event.error);
  assign(step, 'reason', event.reason);
  step.outputs = event.outputs;
  step.artifacts = keepArtifacts(step.artifacts, event.artifacts);
  if (event.retry === undefined) {
    if (event.status === 'interrupted') throw corrupt(run.id, `step ${step.id} was interrupted and left there`);
    step.status = event.status;
    step.finishedAt = event.at;
    return;
  }
  const later = event.retry.dueAt > event.at;
  step.status = later ? 'waiting' : 'queued';
  step.attempt = event.retry.attempt;
  step.dueAt = event.retry.dueAt;
  if (event.status === 'interrupted') step.interruptions += 1;
  else {
    step.interruptions = 0;
    step.failures += 1;
  }
  if (later) {
    job.turn += 1;
    job.dueAt = event.retry.dueAt;
    assign(job, 'reason', event.reason);
    setJobStatus(run, job, 'waiting');
    settleRunStatus(run);
  }
}

/** What an earlier try stored stays, unless a later one stored the same name. */
function keepArtifacts(earlier: readonly ArtifactHandle[], later: readonly ArtifactHandle[]): readonly ArtifactHandle[] {
  if (earlier.length === 0) return later;
  const names = new Set(later.map((artifact) => artifact.name));
  return [...earlier.filter((artifact) => !names.has(artifact.name)), ...later];
}

function openJobOf(run: RunDraft, key: string, attempt: number): JobDraft {
  const job = run.jobs.get(key);
  if (job === undefined) throw corrupt(run.id, `an event of the unknown job ${key}`);
  if (isTerminalJob(job.status)) throw corrupt(run.id, `an event of job ${key} after its end`);
  if (job.attempt !== attempt) throw corrupt(run.id, `an event of attempt ${attempt} of job ${key}, expected ${job.attempt}`);
  return job;
}

function openStepOf(run: RunDraft, at: { job: string; attempt: number; step: string }): { job: JobDraft; step: Draft<StepState> } {
  const job = openJobOf(run, at.job, at.attempt);
  const step = job.steps.find((candidate) => candidate.id === at.step);
  if (step === undefined) throw corrupt(run.id, `an event of the unknown step ${at.step}`);
  if (isTerminalJob(step.status)) throw corrupt(run.id, `an event of step ${at.step} after its end`);
  return { job, step };
}

function setJobStatus(run: RunDraft, job: JobDraft, status: JobStatus): void {
  if (job.status === 'running') run.runningJobs -= 1;
  if (job.status === 'waiting') run.waitingJobs -= 1;
  job.status = status;
  if (status === 'running') run.runningJobs += 1;
  if (status === 'waiting') run.waitingJobs += 1;
}

/** A started run is `waiting` while nothing runs, something waits, and no job could be taken now. */
function settleRunStatus(run: RunDraft): void {
  if (run.startedAt === undefined) return;
  const waits = run.runningJobs === 0 && run.waitingJobs > 0 && !hasReadyJob(run);
  run.status = waits ? 'waiting' : 'running';
}

function hasReadyJob(run: RunDraft): boolean {
  return run.plan.jobs.some(
    (planned) =>
      run.jobs.get(planned.key)?.status === 'queued' &&
      planned.needs.every((need) => isTerminalJob(run.jobs.get(need)?.status ?? 'queued')),
  );
}

function assign<T, K extends keyof T>(target: T, key: K, value: T[K] | undefined): void {
  if (value === undefined) delete target[key];
  else target[key] = value;
}

function corrupt(runId: RunId, problem: string): AppError {
  return new AppError('STATE_CORRUPT', { problem: `the journal of ${runId} has ${problem}` });
}
