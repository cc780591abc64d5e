import type { Clock } from '@kb-labs/ports';

/** A clock that stands still until it is told to move. */
export interface FakeClock extends Clock {
  /**
   * Moves time on by `ms`. Timers that fall due are called in order, each at its own instant, with a turn of the
   * event loop after each so that what it started can go on (and set further timers).
   */
  advance(ms: number): Promise<void>;
  /** How many timers are waiting. */
  readonly timers: number;
}

interface Timer {
  readonly due: number;
  readonly order: number;
  readonly callback: () => void;
}

/** Starts at 2026-01-01T00:00:00Z unless told otherwise, in milliseconds since the epoch. */
export function fakeClock(start = Date.UTC(2026, 0, 1)): FakeClock {
  const waiting = new Set<Timer>();
  let now = start;
  let order = 0;
  return {
    now: () => now,
    after(ms, callback) {
      order += 1;
      const timer: Timer = { due: now + Math.max(ms, 0), order, callback };
      waiting.add(timer);
      return () => void waiting.delete(timer);
    },
    async advance(ms) {
      const until = now + ms;
      for (let next = firstDue(waiting, until); next !== undefined; next = firstDue(waiting, until)) {
        waiting.delete(next);
        now = Math.max(now, next.due);
        next.callback();
        await turn();
      }
      now = Math.max(now, until);
      await turn();
    },
    get timers() {
      return waiting.size;
    },
  };
}

function firstDue(waiting: ReadonlySet<Timer>, until: number): Timer | undefined {
  let first: Timer | undefined;
  for (const timer of waiting) {
    if (timer.due > until) continue;
    if (first === undefined || timer.due < first.due || (timer.due === first.due && timer.order < first.order)) first = timer;
  }
  return first;
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
