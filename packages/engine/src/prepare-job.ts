import { type RunEventBody, type RunState, toTicketId, type WorkerId } from '@kb-labs/contracts';
import type { Append, NewTicket } from '@kb-labs/ports';

import type { EngineDeps } from './deps.js';
import { JobHold } from './job-hold.js';
import { ownState } from './job-record.js';
import { JobRun } from './job-run.js';
import type { JobShared } from './job-shared.js';
import { RunDraft } from './run-draft.js';
import { recordOf } from './run-job.js';
import { wantedPlace } from './take-place.js';

/** How long whoever starts a run waits for its first step to find its place, in milliseconds: an image can take its time. */
const PREPARED_WITHIN_MS = 50;

/** A job that nobody holds yet, up to the start of its first step. */
export interface PreparedJob {
  readonly hold: JobHold;
  readonly run: JobRun;
  readonly append: Append;
  /** The run once that is appended. */
  readonly state: RunState;
}

/**
 * Prepares a job of a run that is about to be created. `undefined` where that is not possible, or takes long: then whoever is handed it does it all. At once
 * where nobody has to be asked.
 */
export function prepareJob(deps: EngineDeps, shared: JobShared, worker: WorkerId, state: RunState, ticket: NewTicket): PreparedJob | undefined | Promise<PreparedJob | undefined> {
  const { runId, job, attempt, turn } = ticket;
  if (wantedPlace(state, job, deps.clock.now()) !== undefined) return undefined;
  const hold = new JobHold({ id: toTicketId(ticket), runId, job, attempt, turn, worker, token: 0, until: 0 });
  const record = recordOf(deps, shared.states, hold, state);
  if (record === undefined) return undefined;
  const run = new JobRun(deps, shared, record);
  const prepared = (events: RunEventBody[] | undefined, at: number): PreparedJob | undefined => {
    if (events === undefined) return undefined;
    const draft = new RunDraft(apart(state, job), at, { matrixLimit: deps.limits.matrixCombinations });
    for (const event of events) draft.add(event);
    return { hold, run, append: draft.toAppend(), state: draft.state };
  };
  const beginning = beginIfPossible(run);
  if (beginning instanceof Promise) return within(deps.clock, beginning, () => hold.lose()).then((events) => prepared(events, deps.clock.now()));
  // Begun as it is created: a store keeps what happens at the same time together.
  return prepared(beginning, state.createdAt);
}

/** What fails is told when the job is begun anew. */
function beginIfPossible(run: JobRun): ReturnType<JobRun['begin']> {
  try {
    return run.begin();
  } catch {
    return undefined;
  }
}

/** `undefined` for what fails or is late; the latter is told. */
function within<T>(clock: EngineDeps['clock'], asked: Promise<T>, tellLate: () => void): Promise<T | undefined> {
  return new Promise((resolve) => {
    const disarm = clock.after(PREPARED_WITHIN_MS, () => {
      tellLate();
      resolve(undefined);
    });
    asked.then(resolve, () => resolve(undefined)).finally(disarm);
  });
}

/** The same run, to be changed in this job without changing the other one. */
function apart(state: RunState, key: string): RunState {
  const own = ownState(state, key);
  return { ...own, jobs: new Map([...state.jobs, ...own.jobs]) };
}
