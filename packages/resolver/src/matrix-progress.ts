import { isTerminalJob, type JobState, type JsonObject, type JsonValue, type Reason, type RunError, type RunState, type TerminalJobStatus, toCombinationKey } from '@kb-labs/contracts';

import { jobGraph } from './job-graph.js';
import { effectiveResult } from './scope.js';

/**
 * The combinations of a job that may be handed out now and have not begun, in order. The first `max-parallel` that have
 * not ended have their turn; without it, all. It follows from the state alone, however often it is asked.
 */
export function releasable(state: RunState, jobKey: string): readonly string[] {
  return openCombinations(state, jobKey, slotsOf(state, jobKey)).filter(hasNotBegun).map((job) => job.key);
}

/**
 * The one combination whose turn comes with the `nth` end of another, counted from 1 and already known to the state. To be
 * asked once for each end: combinations have their turns in order, the first `max-parallel` at once and one more for each
 * end. `undefined` without `max-parallel`, when there are no more, or when it has ended or begun by itself.
 */
export function releasedBy(state: RunState, jobKey: string, nth: number): string | undefined {
  const slots = slotsOf(state, jobKey);
  if (slots === undefined) return undefined;
  const job = state.jobs.get(toCombinationKey(jobKey, nth + slots));
  return job !== undefined && hasNotBegun(job) ? job.key : undefined;
}

export interface MatrixEnd {
  readonly status: TerminalJobStatus;
  readonly outputs: JsonObject;
  readonly error?: RunError;
  readonly reason?: Reason;
}

/**
 * How a job with a matrix ends; `undefined` while a combination has not ended. Failed if one failed for good, cancelled
 * if one was cancelled, skipped if all were. An output has the value of the last combination that has one.
 */
export function matrixEnd(state: RunState, jobKey: string): MatrixEnd | undefined {
  const matrix = state.jobs.get(jobKey)?.matrix;
  if (matrix === undefined || matrix.ended < matrix.total) return undefined;
  const continueOnError = jobGraph(state.plan).byKey.get(jobKey)?.continueOnError ?? false;
  const outputs = new Map<string, JsonValue>();
  const first = new Map<TerminalJobStatus, JobState>();
  for (const job of combinationsOf(state, jobKey)) {
    if (!isTerminalJob(job.status)) return undefined;
    const result = effectiveResult(job.status, continueOnError);
    if (!first.has(result)) first.set(result, job);
    for (const [name, value] of Object.entries(job.outputs)) {
      if ((value !== null && value !== '') || !outputs.has(name)) outputs.set(name, value);
    }
  }
  const status = (['failed', 'cancelled', 'success'] as const).find((one) => first.has(one)) ?? 'skipped';
  const { error, reason } = first.get(status) ?? {};
  return {
    status,
    outputs: Object.fromEntries(outputs),
    ...(status === 'success' || error === undefined ? {} : { error }),
    ...(status === 'success' || reason === undefined ? {} : { reason }),
  };
}

function slotsOf(state: RunState, jobKey: string): number | undefined {
  return jobGraph(state.plan).byKey.get(jobKey)?.strategy?.maxParallel;
}

function openCombinations(state: RunState, jobKey: string, most: number | undefined): JobState[] {
  const open: JobState[] = [];
  for (const job of combinationsOf(state, jobKey)) {
    if (open.length === most) break;
    if (!isTerminalJob(job.status)) open.push(job);
  }
  return open;
}

function* combinationsOf(state: RunState, jobKey: string): Generator<JobState> {
  const total = state.jobs.get(jobKey)?.matrix?.total ?? 0;
  for (let n = 1; n <= total; n += 1) {
    const job = state.jobs.get(toCombinationKey(jobKey, n));
    if (job !== undefined) yield job;
  }
}

function hasNotBegun(job: JobState): boolean {
  return job.status === 'queued' && job.attempt === 1 && job.startedAt === undefined;
}
