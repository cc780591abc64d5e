import { setTimeout as delay } from 'node:timers/promises';

import { monotonicMs } from './monotonic-ms.js';
import { allProcessIds, environmentOf, HAS_PROCESS_LIST } from './process-list.js';

const LOOK_MS = 10;
/** How long what ignores even KILL is hunted. */
const HUNT_MS = 1_000;

/**
 * Ends every process of this machine whose environment holds `NAME=value`: TERM, and KILL for what is still there after
 * `graceMs`. For what a worker left running when it died: it has no handle on it any more, only the mark it was given.
 * Answers how many were told. Outside of Linux nobody can be found, and nobody is.
 */
export async function endStray(variable: string, graceMs: number): Promise<number> {
  if (!HAS_PROCESS_LIST) return 0;
  const found = findStray(variable);
  if (found.length === 0) return 0;
  tell(found, 'SIGTERM');
  const graceEnds = monotonicMs() + graceMs;
  const huntEnds = graceEnds + HUNT_MS;
  for (let left = findStray(variable); left.length > 0 && monotonicMs() < huntEnds; left = findStray(variable)) {
    if (monotonicMs() >= graceEnds) tell(left, 'SIGKILL');
    await delay(LOOK_MS);
  }
  return found.length;
}

function findStray(variable: string): number[] {
  return allProcessIds().filter((pid) => pid !== process.pid && `\0${environmentOf(pid) ?? ''}`.includes(`\0${variable}\0`));
}

function tell(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch {
      // It has ended in between.
    }
  }
}
