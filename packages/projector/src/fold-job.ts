import { isTerminalJob, toCombinationKey, type PlannedJob, type RunEvent } from '@kb-labs/contracts';

import { corrupt } from './corrupt.js';
import { assign, clear, openJob, openSteps, type JobDraft, type RunDraft } from './drafts.js';
import { countEndedSteps, stopWaiting } from './fold-step.js';
import { openJobOf } from './open-job-of.js';
import { setJobStatus, settleRunStatus } from './run-status.js';

type Of<Type extends RunEvent['type']> = RunEvent & { type: Type };

/** The job becomes its combinations. It stays, as the one that others need, until the last of them has ended. */
export function expandJob(run: RunDraft, event: Of<'job.expanded'>): void {
  const job = openJobOf(run, event.job, 1);
  const planned = plannedOf(run, job);
  if (job.matrix !== undefined || job.startedAt !== undefined || planned.strategy === undefined) throw corrupt(run.id, `a second expansion of ${job.key}`);
  job.matrix = { total: event.combinations.length, begun: 0, ended: 0 };
  job.steps = [];
  for (const [index, matrix] of event.combinations.entries()) {
    const key = toCombinationKey(job.key, index + 1);
    run.jobs.set(key, { ...openJob(key, planned.steps), combination: { of: job.key, index, matrix } });
  }
  run.openJobs += event.combinations.length;
}

export function requestCancel(run: RunDraft, event: Of<'job.cancel_requested'>): void {
  const job = run.jobs.get(event.job);
  if (job === undefined || isTerminalJob(job.status)) throw corrupt(run.id, `a cancellation of ${event.job}, which is not open`);
  if (job.startedAt !== undefined) stopWaiting(job);
  job.cancelReason = event.reason;
}

export function startJob(run: RunDraft, event: Of<'job.started'>): void {
  const job = openJobOf(run, event.job, event.attempt);
  if (job.turn !== event.turn) throw corrupt(run.id, `job ${job.key} started at turn ${event.turn}, expected ${job.turn}`);
  const matrixJob = job.combination === undefined ? undefined : run.jobs.get(job.combination.of);
  if (matrixJob?.matrix !== undefined && job.startedAt === undefined && job.attempt === 1) matrixJob.matrix.begun += 1;
  setJobStatus(run, job, 'running');
  job.worker = event.worker;
  job.startedAt ??= event.at;
  clear(job, 'reason');
  clear(job, 'dueAt');
  if (matrixJob !== undefined) {
    matrixJob.status = 'running';
    matrixJob.startedAt ??= event.at;
  }
  run.startedAt ??= event.at;
  settleRunStatus(run);
}

export function finishJob(run: RunDraft, event: Of<'job.finished'>): void {
  const job = openJobOf(run, event.job, event.attempt);
  if (job.matrix !== undefined && job.matrix.ended < job.matrix.total) throw corrupt(run.id, `the end of ${job.key} before its combinations`);
  assign(job, 'error', event.error);
  assign(job, 'reason', event.reason);
  if (event.retry === undefined) endJob(run, job, event);
  else {
    job.turn = 0;
    job.dueAt = event.retry.dueAt;
    job.steps = openSteps(job.steps).map((step, index) => ({ ...step, artifacts: job.steps[index]?.artifacts ?? [] }));
    job.endedSteps = 0;
    // Counted out with the attempt it had, and in with the next.
    setJobStatus(run, job, 'interrupted');
    job.attempt = event.retry.attempt;
    setJobStatus(run, job, event.retry.dueAt > event.at ? 'waiting' : 'queued');
  }
  settleRunStatus(run);
}

function endJob(run: RunDraft, job: JobDraft, event: Of<'job.finished'>): void {
  countInMatrix(run, job, event);
  setJobStatus(run, job, event.status);
  run.openJobs -= 1;
  job.outputs = event.outputs;
  job.artifacts = event.artifacts ?? [];
  job.finishedAt = event.at;
  clear(job, 'dueAt');
  if (event.kept === undefined) return;
  job.kept = event.kept;
  const earlier = run.rerun !== undefined && Object.hasOwn(run.rerun.earlier, job.key) ? (run.rerun.earlier[job.key]?.steps ?? []) : [];
  for (const [index, step] of job.steps.entries()) {
    const result = earlier[index];
    if (result === undefined || result.id !== step.id) continue;
    step.status = result.status;
    step.outputs = result.outputs;
    step.artifacts = result.artifacts;
    step.kept = event.kept;
  }
  countEndedSteps(job);
}

function countInMatrix(run: RunDraft, job: JobDraft, event: Of<'job.finished'>): void {
  if (job.combination === undefined) return;
  const matrix = run.jobs.get(job.combination.of)?.matrix;
  if (matrix === undefined) throw corrupt(run.id, `the combination ${job.key} without its job`);
  matrix.ended += 1;
  if (job.startedAt === undefined && job.attempt === 1) matrix.begun += 1;
  if (event.status === 'failed' && !plannedOf(run, job).continueOnError) matrix.failed ??= job.key;
}

const byKey = new WeakMap<object, ReadonlyMap<string, PlannedJob>>();

/** The planned job of a job or of the one whose combination it is. */
function plannedOf(run: RunDraft, job: JobDraft): PlannedJob {
  let jobs = byKey.get(run.plan);
  if (jobs === undefined) {
    jobs = new Map(run.plan.jobs.map((planned) => [planned.key, planned]));
    byKey.set(run.plan, jobs);
  }
  const planned = jobs.get(job.combination?.of ?? job.key);
  if (planned === undefined) throw corrupt(run.id, `the job ${job.key}, which is not in its plan`);
  return planned;
}
