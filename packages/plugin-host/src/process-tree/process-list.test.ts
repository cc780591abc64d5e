import { spawn } from 'node:child_process';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { temporaryFolder } from '../step-call.fixture.js';
import { processesIn } from './live-processes.fixture.js';
import { environmentOf, isGivenSince, listSince } from './process-list.js';

describe.skipIf(process.platform !== 'linux')('the list of processes', () => {
  it('has a program and what it started, with group, session, parent and environment, when asked at once and when asked late', async () => {
    using folder = temporaryFolder();
    const pids = join(folder.path, 'pids');
    const script = 'echo $$ > "$1"; sh -c \'echo $$ >> "$1"; exec sleep 1000\' sh "$1" & wait';
    const child = spawn('sh', ['-c', script, 'sh', pids], { detached: true, stdio: 'ignore', env: { PATH: process.env['PATH'], MARK: 'a-mark' } });
    const exited = new Promise((resolve) => child.once('exit', resolve));
    const [leader = 0, started = 0] = await processesIn(pids, 2);
    for (const ageMs of [0, 1e9]) {
      const rows = listSince(leader, ageMs);
      expect(rows.find(({ pid }) => pid === leader)).toMatchObject({ parent: process.pid, group: leader, session: leader });
      expect(rows.find(({ pid }) => pid === started)).toMatchObject({ parent: leader, group: leader, session: leader });
    }
    expect(environmentOf(started).split('\0')).toContain('MARK=a-mark');
    expect(listSince(leader, 1e9).some(({ pid }) => pid === process.pid)).toBe(true);
    process.kill(-leader, 'SIGKILL');
    await exited;
    expect(listSince(leader, 1e9).filter(({ group }) => group === leader)).toEqual([]);
    expect(environmentOf(started)).toBe('');
  });

  it.each([
    [10, 10, 10, true],
    [9, 10, 20, false],
    [15, 10, 20, true],
    [20, 10, 20, true],
    [21, 10, 20, false],
    [32_000, 31_990, 12, true],
    [12, 31_990, 12, true],
    [13, 31_990, 12, false],
    [31_989, 31_990, 12, false],
  ])('id %i was given since %i up to %i: %s', (id, leader, newest, expected) => {
    expect(isGivenSince(id, leader, newest)).toBe(expected);
  });
});
