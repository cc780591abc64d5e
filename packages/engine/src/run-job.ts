import { isTerminalJob, LIMITS, type RunState } from '@kb-labs/contracts';

import type { EngineDeps } from './deps.js';
import { endRunTime } from './end-run-time.js';
import type { JobHold } from './job-hold.js';
import type { JobShared } from './job-shared.js';
import { JobRecord } from './job-record.js';
import { JobRun } from './job-run.js';
import type { Decider } from './decider.js';
import { takePlace, wantedPlace } from './take-place.js';

/**
 * Runs one hand-out of a job: from where its journal left off to its end, or to the point where it has to wait.
 * Steps that ended are never run again in the same attempt; a step that was running when its worker died is recorded as
 * interrupted first.
 */
export async function runJob(deps: EngineDeps, shared: JobShared, hold: JobHold): Promise<void> {
  const record = await begin(deps, shared.states, hold);
  if (record === undefined) return;
  await carryOut(deps, shared.states, new JobRun(deps, shared, record), shared.cancels.add(hold, record.begunAt));
}

/** Runs the steps that are left, within the time of the job and of its run. `unwatch` ends the watch for cancellations. */
export async function carryOut(deps: EngineDeps, states: Decider, run: JobRun, unwatch: () => void): Promise<void> {
  const { record } = run;
  const disarmRun = limitRun(deps, states, record);
  let disarm = deps.clock.after(record.planned.timeoutMs, () => {
    run.timeOut();
    // What runs on a failure and at the end of a job gets some time of its own.
    disarm = deps.clock.after(LIMITS.hookGraceMs, () => run.timeOut());
  });
  try {
    await run.steps();
  } finally {
    disarm();
    disarmRun();
    unwatch();
  }
}

/** The ticket for the end of the run's time waits for a free place: a worker whose places are all taken ends the time itself. */
function limitRun(deps: EngineDeps, states: Decider, { state }: JobRecord): () => void {
  const { timeoutMs } = state.plan;
  if (timeoutMs === undefined || state.startedAt === undefined) return () => undefined;
  const leftMs = state.startedAt + timeoutMs - deps.clock.now();
  // No job runs for longer, and clocks cannot wait for much longer either.
  if (leftMs > LIMITS.timeoutMaxMs) return () => undefined;
  return deps.clock.after(Math.max(leftMs, 0), () => {
    endRunTime(states, state.id).catch((error: unknown) => deps.logger.warn('cannot end the time of a run', { runId: state.id, problem: String(error) }));
  });
}

/** Reads the journal and decides whether there is anything to do. */
async function begin(deps: EngineDeps, states: Decider, hold: JobHold): Promise<JobRecord | undefined> {
  const { lease } = hold;
  const found = await states.read(lease.runId, (state) => {
    const wanted = wantedPlace(state, lease.job, deps.clock.now());
    return wanted === undefined ? { record: recordOf(deps, states, hold, state) } : { wanted };
  });
  if (found.wanted !== undefined && (await takePlace(deps, states, hold, found.wanted))) return undefined;
  const record = found.wanted === undefined ? found.record : await states.read(lease.runId, (state) => recordOf(deps, states, hold, state));
  if (record === undefined) await deps.queue.discard([lease]);
  return record;
}

/** `undefined` when the job has ended, or its journal is further than the ticket. */
export function recordOf(deps: EngineDeps, states: Decider, hold: JobHold, state: RunState): JobRecord | undefined {
  const { lease } = hold;
  const job = state.jobs.get(lease.job);
  if (job === undefined || job.matrix !== undefined || isTerminalJob(job.status)) return undefined;
  if (job.attempt !== lease.attempt || job.turn !== lease.turn) return undefined;
  return new JobRecord(deps, states, hold, state);
}
