import { isTerminalJob, type JobStatus, type PlannedJob } from '@kb-labs/contracts';

import type { JobDraft, RunDraft } from './drafts.js';

/** Changes a job's status and what the run counts of it. A job with a matrix is not counted: its combinations are. */
export function setJobStatus(run: RunDraft, job: JobDraft, status: JobStatus): void {
  if (job.matrix === undefined) {
    count(run, job, -1);
    job.status = status;
    count(run, job, 1);
  } else job.status = status;
}

function count(run: RunDraft, job: JobDraft, by: 1 | -1): void {
  if (job.status === 'running') run.runningJobs += by;
  if (job.status === 'waiting') run.waitingJobs += by;
  if (job.status === 'queued' && hasBegun(job)) run.readyAgain += by;
}

function hasBegun(job: JobDraft): boolean {
  return job.startedAt !== undefined || job.attempt > 1;
}

/** A started run is `waiting` while nothing runs, something waits, and no job could be taken now. */
export function settleRunStatus(run: RunDraft): void {
  if (run.startedAt === undefined) return;
  const waits = run.runningJobs === 0 && run.waitingJobs > 0 && run.readyAgain === 0 && !hasFreshJob(run);
  run.status = waits ? 'waiting' : 'running';
}

/** Whether a job that has not begun could. */
function hasFreshJob(run: RunDraft): boolean {
  return run.plan.jobs.some((planned) => {
    const job = run.jobs.get(planned.key);
    if (job === undefined || isTerminalJob(job.status)) return false;
    if (job.matrix !== undefined) return hasFreshCombination(job.matrix, planned);
    return job.status === 'queued' && !hasBegun(job) && planned.needs.every((need) => isTerminalJob(run.jobs.get(need)?.status ?? 'queued'));
  });
}

function hasFreshCombination({ total, begun, ended }: { total: number; begun: number; ended: number }, { strategy }: PlannedJob): boolean {
  return begun < total && begun - ended < (strategy?.maxParallel ?? total);
}
