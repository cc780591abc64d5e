import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import { PROC_FILES } from './proc-files.js';

describe.skipIf(process.platform !== 'linux')('the files of the system', () => {
  it('tell what holds now, each time they are read', async () => {
    const before = newest();
    const child = spawn('true', { stdio: 'ignore' });
    await once(child, 'exit');
    expect(newest()).not.toBe(before);
  });

  it('are opened once', () => {
    newest();
    const open = readdirSync('/proc/self/fd').length;
    for (let times = 0; times < 10; times += 1) newest();
    expect(readdirSync('/proc/self/fd')).toHaveLength(open);
  });

  it('are not there for a process that is not, nor when this kernel does not have them', () => {
    for (const path of ['4194305/stat', 'sys/kernel/of_no_kernel', 'sys/kernel/of_no_kernel']) expect(PROC_FILES.read(path)).toBeUndefined();
    expect(PROC_FILES.read(`${String(process.pid)}/comm`)).toBe(readFileSync('/proc/self/comm', 'utf8'));
  });
});

/** The id given out last, as the fifth field of proc_loadavg(5). */
function newest(): string | undefined {
  return PROC_FILES.read('loadavg')?.trim().split(' ')[4];
}
