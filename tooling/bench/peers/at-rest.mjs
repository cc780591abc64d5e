import { cpus } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';

const WINDOW_MS = 200;
const WITHIN_MS = 10_000;
/** Of all processors together. */
const BUSY_SHARE = 0.1;

/**
 * Resolves when the processors of this machine have had little to do for a moment: what one side of a comparison leaves to be done later is not for the
 * other to pay. Answers `false` when that does not happen within ten seconds.
 *
 * @param {{ times?: typeof processorTimes, pause?: (ms: number) => Promise<unknown> }} [options] `times` is what the processors have done so far, in any unit
 */
export async function atRest({ times = processorTimes, pause = wait } = {}) {
  for (let waited = 0; waited < WITHIN_MS; waited += WINDOW_MS) {
    const before = times();
    await pause(WINDOW_MS);
    const after = times();
    const [busy, all] = [after.busy - before.busy, after.all - before.all];
    if (busy <= all * BUSY_SHARE) return true;
  }
  return false;
}

function processorTimes() {
  const sums = cpus().map(({ times: { user, nice, sys, irq, idle } }) => ({ busy: user + nice + sys + irq, all: user + nice + sys + irq + idle }));
  return { busy: sums.reduce((sum, { busy }) => sum + busy, 0), all: sums.reduce((sum, { all }) => sum + all, 0) };
}
