import type { Clock } from '@kb-labs/ports';

/** Stands still until it is told to move. */
export interface ManualClock extends Clock {
  /** Moves on by `ms`; what fell due on the way is called in order, at the new time. */
  advance(ms: number): void;
}

export function manualClock(): ManualClock {
  const timers = new Set<{ due: number; callback: () => void }>();
  let now = Date.UTC(2026, 0, 1);
  return {
    now: () => now,
    after(ms, callback) {
      const timer = { due: now + Math.max(ms, 1), callback };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    advance(ms) {
      now += ms;
      for (const timer of [...timers].filter((one) => one.due <= now).toSorted((a, b) => a.due - b.due)) {
        if (timers.delete(timer)) timer.callback();
      }
    },
  };
}
