import type { Clock } from '@kb-labs/ports';

/** The machine's own time. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after(ms, callback, options) {
    const timer = setTimeout(callback, ms);
    if (options?.unref === true) timer.unref();
    return () => {
      clearTimeout(timer);
    };
  },
};
