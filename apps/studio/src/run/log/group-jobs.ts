import type { JobView } from '@kb-labs/contracts';

/** A job, and what became of it when it has a matrix. */
export interface JobGroup {
  readonly job: JobView;
  readonly combinations: readonly JobView[];
}

/** Jobs in their order, each with its combinations, which stand behind it in a run. */
export function groupJobs(jobs: readonly JobView[]): readonly JobGroup[] {
  const combinations = Map.groupBy(jobs, ({ combinationOf }) => combinationOf);
  return (combinations.get(undefined) ?? []).map((job) => ({ job, combinations: combinations.get(job.key) ?? [] }));
}

/** The keys of the jobs whose lines are those of a job: its own, and of its combinations. */
export function jobsOf(jobs: readonly JobView[], key: string): readonly string[] {
  return [key, ...jobs.filter(({ combinationOf }) => combinationOf === key).map((job) => job.key)];
}
