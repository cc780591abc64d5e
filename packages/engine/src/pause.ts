import type { EngineDeps } from './deps.js';

/** Resolves after so many milliseconds, or once `signal` is aborted. */
export function pause(clock: EngineDeps['clock'], ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const disarm = clock.after(ms, done);
    signal.addEventListener('abort', done, { once: true });
    function done(): void {
      disarm();
      signal.removeEventListener('abort', done);
      resolve();
    }
  });
}
