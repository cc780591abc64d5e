import type { Clock } from '@kb-labs/ports';

/** Timers of this process. Its time decides nothing: leases and due times go by the server's. */
export const systemTimers: Clock = {
  now: () => Date.now(),
  after(ms, callback, options) {
    const timer = setTimeout(callback, ms);
    if (options?.unref === true) timer.unref();
    return () => clearTimeout(timer);
  },
};
