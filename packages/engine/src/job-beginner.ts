import { AFTER_END, TIME_LIMIT, type WorkerId } from '@kb-labs/contracts';

import type { Beginner, NewRun, Prepared } from './beginners.js';
import type { EngineDeps } from './deps.js';
import type { JobHold } from './job-hold.js';
import type { JobShared } from './job-shared.js';
import { prepareJob, type PreparedJob } from './prepare-job.js';
import { carryOut } from './run-job.js';
import type { RunStates } from './run-states.js';

export interface BeginnerWorker {
  readonly id: WorkerId;
  /** How many jobs it has places for, whether or not it asks for some just now; none once it takes nothing any more. */
  readonly free: () => number;
  readonly serves: (run: NewRun['state']) => boolean;
  /** Has it hold a job until the work on it is over. */
  readonly hold: (hold: JobHold, work: () => Promise<void>) => void;
}

/** Prepares the first jobs of new runs for one worker, no more than it has places for. */
export class JobBeginner implements Beginner {
  readonly #deps: EngineDeps;
  readonly #shared: JobShared & { readonly states: RunStates };
  readonly #worker: BeginnerWorker;
  /** Jobs that are prepared, until it is known what became of their runs. */
  readonly #prepared = new Set<Promise<void>>();

  constructor(deps: EngineDeps, shared: JobShared & { readonly states: RunStates }, worker: BeginnerWorker) {
    this.#deps = deps;
    this.#shared = shared;
    this.#worker = worker;
  }

  prepare({ state, enqueue }: NewRun): Prepared | undefined | Promise<Prepared | undefined> {
    const ticket = enqueue.find(({ job, notBefore }) => job !== AFTER_END && job !== TIME_LIMIT && notBefore <= this.#deps.clock.now());
    if (ticket === undefined || this.#worker.free() <= this.#prepared.size || !this.#worker.serves(state)) return undefined;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#prepared.add(promise);
    const over = (): void => {
      this.#prepared.delete(promise);
      resolve();
    };
    const offer = (job: PreparedJob | undefined): Prepared | undefined => {
      if (job === undefined) over();
      return job === undefined ? undefined : this.#offer(job, over);
    };
    const giveUp = (thrown: unknown): never => {
      over();
      throw thrown;
    };
    try {
      const preparing = prepareJob(this.#deps, this.#shared, this.#worker.id, state, ticket);
      return preparing instanceof Promise ? preparing.then(offer, giveUp) : offer(preparing);
    } catch (thrown) {
      return giveUp(thrown);
    }
  }

  /** Resolves when nothing that it has prepared can be begun any more. */
  async idle(): Promise<void> {
    while (this.#prepared.size > 0) await Promise.all(this.#prepared);
  }

  /** A cancellation is looked for from before the run can be cancelled. */
  #offer({ hold, run, append, state }: PreparedJob, over: () => void): Prepared {
    const unwatch = this.#shared.cancels.add(hold, state.seq);
    let begun = false;
    return {
      ticket: hold.lease.id,
      worker: this.#worker.id,
      append,
      begun: (lease) => {
        begun = true;
        hold.lease = lease;
        this.#shared.states.know(state);
        this.#worker.hold(hold, () => carryOut(this.#deps, this.#shared.states, run, unwatch));
      },
      over: () => {
        over();
        if (!begun) unwatch();
      },
    };
  }
}
