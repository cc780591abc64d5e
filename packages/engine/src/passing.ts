import { fromUnknown } from '@kb-labs/errors';
import type { Clock } from '@kb-labs/ports';

const PASSING: ReadonlySet<string> = new Set(['STATE_UNAVAILABLE', 'STATE_BUSY', 'STATE_FULL', 'APPEND_CONFLICT']);
const TRIES = 5;
const PAUSE_MS = 500;

/** Whether what went wrong is that the state was away, full or busy: a matter of time, and not of what was being done. */
export function isPassing(thrown: unknown): boolean {
  return PASSING.has(fromUnknown(thrown).code);
}

/** Asks again a few times, for what may be asked twice: a step need not fail, or run again, for a moment. */
export async function patiently<T>(clock: Clock, ask: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await ask();
    } catch (thrown) {
      if (tries === TRIES || !isPassing(thrown)) throw thrown;
      await new Promise<void>((resolve) => void clock.after(PAUSE_MS, resolve));
    }
  }
}
