import { toCombinationKey, type JobState, type RunState, type StepState } from '@kb-labs/contracts';
import { AppError, suggestName } from '@kb-labs/errors';

/**
 * The step that somebody means by `<step>` or `<job>/<step>`, among those that fit. Where several jobs have one, the one
 * that fits is meant. Fails with `STEP_NOT_FOUND`, or with `USAGE` naming the choices when several fit.
 */
export function findStep(state: RunState, named: string, fits: (step: StepState, job: JobState) => boolean): { job: JobState; step: StepState } {
  const slash = named.lastIndexOf('/');
  const [jobKey, id] = slash === -1 ? [undefined, named] : [named.slice(0, slash), named.slice(slash + 1)];
  const jobs = [...state.jobs.values()].filter((job) => jobKey === undefined || job.key === jobKey);
  const found = jobs.flatMap((job) => job.steps.filter((step) => step.id === id).map((step) => ({ job, step })));
  const [first] = found;
  if (first === undefined) {
    const hint = hintFor(state, { jobs, jobKey, id });
    throw new AppError('STEP_NOT_FOUND', { id: named }, hint === undefined ? {} : { hint });
  }
  const fitting = found.filter(({ job, step }) => fits(step, job));
  const [one] = fitting;
  if (fitting.length > 1) {
    throw new AppError('USAGE', { problem: `several steps are meant by "${named}": ${fitting.map(({ job, step }) => `${job.key}/${step.id}`).join(', ')}` });
  }
  return one ?? first;
}

function hintFor(state: RunState, { jobs, jobKey, id }: { jobs: readonly JobState[]; jobKey: string | undefined; id: string }): string | undefined {
  if (jobs.length === 1 && jobs[0]?.matrix !== undefined) return `the job has combinations: "${String(jobKey)}.1/${id}" is the first one's`;
  const job = jobKey === undefined ? state.jobs.get(id) : undefined;
  const ofJob = job?.matrix === undefined ? job : state.jobs.get(toCombinationKey(job.key, 1));
  const first = ofJob?.steps[0];
  if (ofJob !== undefined && first !== undefined) return `"${id}" is a job: "${ofJob.key}/${first.id}" is its first step`;
  return suggestName(id, [...new Set(jobs.flatMap((one) => one.steps.map((step) => step.id)))]);
}
