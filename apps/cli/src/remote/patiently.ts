import { AppError, fromUnknown, hasCode } from '@kb-labs/errors';

import { pauseFor } from '../attend/pause-for.js';

const TRIES = 8;
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 10_000;

/** Asks again what can be answered another time: a gateway that restarts, a limit that was reached. */
export async function patiently<Result>(act: () => Promise<Result>, signal: AbortSignal): Promise<Result> {
  for (let failed = 0; ; failed += 1) {
    try {
      return await act();
    } catch (thrown) {
      if (signal.aborted || failed >= TRIES || !isPassing(thrown)) throw thrown;
      await pauseFor(pauseAfter(thrown, failed), signal);
    }
  }
}

export function isPassing(thrown: unknown): boolean {
  const error = fromUnknown(thrown);
  return error.retryable && error.code !== 'INTERNAL';
}

/** A gateway that has had enough says for how long. */
function pauseAfter(thrown: unknown, failed: number): number {
  const seconds = hasCode(thrown, 'RATE_LIMITED') && thrown instanceof AppError ? Number(thrown.details['seconds']) : Number.NaN;
  return Number.isFinite(seconds) ? seconds * 1_000 : Math.min(FIRST_PAUSE_MS * 2 ** failed, LONGEST_PAUSE_MS);
}
