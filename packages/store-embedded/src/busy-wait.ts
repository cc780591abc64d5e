import { AppError } from '@kb-labs/errors';
import type { Clock } from '@kb-labs/ports';

import { isBusy, toStateError } from './state-errors.js';

/** How long other processes may be in the way before a call gives up with `STATE_BUSY`. */
export const BUSY_LIMIT_MS = 10_000;
const LONGEST_DELAY_MS = 20;

/** The wait before try `attempt` (from 1): doubling, capped, and spread so that waiting processes do not march in step. */
export function busyDelayMs(attempt: number): number {
  const ceiling = Math.min(LONGEST_DELAY_MS, 2 ** Math.min(attempt, 10));
  return ceiling / 2 + Math.random() * (ceiling / 2);
}

/** Does `act` as soon as no other process is in the way. Fails with an error of the register. */
export async function whenNotBusy<T>(clock: Clock, act: () => T): Promise<T> {
  const since = clock.now();
  for (let attempt = 1; ; attempt += 1) {
    try {
      return act();
    } catch (thrown) {
      if (!isBusy(thrown)) throw toStateError(thrown);
      if (clock.now() - since >= BUSY_LIMIT_MS) throw new AppError('STATE_BUSY', {}, { cause: thrown });
    }
    await new Promise<void>((resolve) => void clock.after(busyDelayMs(attempt), resolve));
  }
}
