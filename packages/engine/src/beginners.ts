import type { RunState } from '@kb-labs/contracts';
import type { Begin, NewTicket } from '@kb-labs/ports';

/** A run that is about to be created, with all that follows from its start. */
export interface NewRun {
  readonly state: RunState;
  readonly enqueue: readonly NewTicket[];
}

/** The first job of a new run, ready to be begun by a worker of this process. */
export interface Prepared extends Begin {
  /** Says that the run was created, or will not be: what was not begun by now is left to whoever takes it. */
  over(): void;
}

export interface Beginner {
  /** `undefined`: it has no place, or the job has to be looked at by whoever holds it. At once where nobody has to be asked. */
  prepare(run: NewRun): Prepared | undefined | Promise<Prepared | undefined>;
}

/**
 * The workers of this process that can begin a run in the write that creates it. Whoever starts runs asks here; where there is none, runs are queued and
 * nothing else.
 */
export class Beginners {
  readonly #known = new Set<Beginner>();

  /** Until the returned function is called. */
  add(beginner: Beginner): () => void {
    this.#known.add(beginner);
    return () => void this.#known.delete(beginner);
  }

  async prepare(run: NewRun): Promise<Prepared | undefined> {
    for (const beginner of this.#known) {
      const preparing = beginner.prepare(run);
      const prepared = preparing instanceof Promise ? await preparing : preparing;
      if (prepared !== undefined) return prepared;
    }
    return undefined;
  }
}
