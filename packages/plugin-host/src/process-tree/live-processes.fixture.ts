import { existsSync, readFileSync } from 'node:fs';

import { vi } from 'vitest';

/** Runs as the shell function `stay`: says its process id in the file, and stays for good. */
export const STAY = 'stay() { exec sh -c \'echo $$ >> "$PIDS"; exec sleep 1000\'; }';

/** The ids that were written to the file, as soon as there are `count`. */
export async function processesIn(file: string, count: number): Promise<number[]> {
  return vi.waitFor(
    () => {
      const ids = existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter((line) => line !== '').map(Number) : [];
      if (ids.length < count) throw new Error(`${String(ids.length)} of ${String(count)} processes have started`);
      return ids;
    },
    { timeout: 10_000, interval: 5 },
  );
}

/** Of these processes, those that run. One that has ended and was not collected does not. */
export function alive(pids: readonly number[]): number[] {
  return pids.filter((pid) => {
    try {
      const stat = readFileSync(`/proc/${String(pid)}/stat`, 'latin1');
      return !['Z', 'X'].includes(stat.slice(stat.lastIndexOf(')') + 2)[0] ?? '');
    } catch {
      return false;
    }
  });
}
