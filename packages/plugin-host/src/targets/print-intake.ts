import { setTimeout as delay } from 'node:timers/promises';

import { monotonicMs } from '../process-tree/monotonic-ms.js';

/** How long what was printed may take to be taken. */
const CATCH_UP_MS = 1_000;

/** Knows when all that another process has printed so far has been taken. */
export class PrintIntake {
  #held: Promise<void> | undefined;
  #pauses = 0;

  /** Of each chunk, what whoever takes it gives back: while a promise is open nothing more is read. */
  took(taken: void | Promise<void>): void | Promise<void> {
    if (taken === undefined) return;
    this.#pauses += 1;
    this.#held = taken.finally(() => {
      this.#held = undefined;
    });
    return this.#held;
  }

  /**
   * Whether all is taken that was in the pipe when this was called; waits for it for a while. What is printed before a message of the
   * process is in the pipe when that has come, so it need not say where it ends: a look at all pipes that begins now reads all there is,
   * unless reading is held back meanwhile.
   */
  async caughtUp(): Promise<boolean> {
    const until = monotonicMs() + CATCH_UP_MS;
    for (let pauses = -1; pauses !== this.#pauses; ) {
      pauses = this.#pauses;
      if (this.#held !== undefined && !(await isTakenBy(until, this.#held))) return false;
      await nextLook();
      if (monotonicMs() > until) return false;
    }
    return true;
  }
}

/** The look that goes on has begun before: it is the one after it that has to come to its end. */
function nextLook(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(() => setImmediate(resolve));
  });
}

async function isTakenBy(untilMs: number, held: Promise<void>): Promise<boolean> {
  const taken = new AbortController();
  try {
    return await Promise.race([held.then(() => true), delay(untilMs - monotonicMs(), false, { signal: taken.signal })]);
  } catch {
    return false;
  } finally {
    taken.abort();
  }
}
