import { toCombinationKey, type JobState, type RunState } from '@kb-labs/contracts';

/** The combinations that a job with a matrix became, in order; none before it did. */
export function combinationsOf(state: RunState, job: JobState): JobState[] {
  return Array.from({ length: job.matrix?.total ?? 0 }, (_, index) => state.jobs.get(toCombinationKey(job.key, index + 1))).filter((one) => one !== undefined);
}
