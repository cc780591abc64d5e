import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it, vi } from 'vitest';

import { temporaryFolder } from '../step-call.fixture.js';
import { FakeSystem } from './fake-system.fixture.js';
import { processesIn } from './live-processes.fixture.js';
import { environmentOf, isGivenSince, type Look, lookSince, type ProcessRow } from './process-list.js';

describe.skipIf(process.platform !== 'linux')('the list of processes', () => {
  it('has a program and what it started, with group, session, parent and environment, when asked at once and when asked late', async () => {
    using folder = temporaryFolder();
    const pids = join(folder.path, 'pids');
    const script = 'echo $$ > "$1"; sh -c \'echo $$ >> "$1"; exec sleep 1000\' sh "$1" & wait';
    const child = spawn('sh', ['-c', script, 'sh', pids], { detached: true, stdio: 'ignore', env: { PATH: process.env['PATH'], MARK: 'a-mark' } });
    const exited = new Promise((resolve) => child.once('exit', resolve));
    const [leader = 0, started = 0] = await processesIn(pids, 2);
    for (const ageMs of [0, 1e9]) {
      const { rows } = lookSince({ newest: leader, ageMs }, new Map([[leader, '']]));
      expect(rows.find(({ pid }) => pid === leader)).toMatchObject({ parent: process.pid, group: leader, session: leader });
      expect(rows.find(({ pid }) => pid === started)).toMatchObject({ parent: leader, group: leader, session: leader });
    }
    expect(environmentOf(started)?.split('\0')).toContain('MARK=a-mark');
    const all = (): readonly ProcessRow[] => lookSince({ newest: leader, ageMs: 1e9 }, new Map()).rows;
    expect(all().some(({ pid }) => pid === process.pid)).toBe(true);
    process.kill(-leader, 'SIGKILL');
    await exited;
    // What a signal has ended is there for another moment.
    await vi.waitFor(() => expect(all().filter(({ group }) => group === leader)).toEqual([]));
    expect(environmentOf(started)).toBeUndefined();
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

describe('a look at processes', () => {
  const known = new Map([[10, '']]);
  const idsOf = ({ rows }: Look): number[] => rows.map(({ pid }) => pid).sort((a, b) => a - b);

  it('reads what is known alone, as long as nothing was started', () => {
    const system = new FakeSystem([1, 10, 15, 20], 20);
    expect(idsOf(lookSince({ newest: 20, ageMs: 4_999 }, known, system))).toEqual([10]);
    expect(system.asked).toEqual(['sys/kernel/ns_last_pid', '10/stat']);
  });

  it('tries the ids that were given out since, and reads no list for a few', () => {
    const system = new FakeSystem([1, 10, 15, 21, 23], 23);
    const look = lookSince({ newest: 20, ageMs: 4_999 }, known, system);
    expect([idsOf(look), look.newest, look.isWhole]).toEqual([[10, 21, 23], 23, false]);
    expect(system.asked).toEqual(['sys/kernel/ns_last_pid', '10/stat', '21/stat', '22/stat', '23/stat']);
  });

  it.each([
    ['many', 20, 900],
    ['those after the last id there is', 990, 30],
  ])('reads of a list only those that were started since: %s', (_, from, newest) => {
    const system = new FakeSystem([1, 10, 15, 30, 900, 995], newest);
    expect(idsOf(lookSince({ newest: from, ageMs: 4_999 }, known, system))).toEqual(from < newest ? [10, 30, 900] : [1, 10, 15, 30, 995]);
    expect(system.asked.filter((path) => path === '')).toHaveLength(1);
  });

  it('leaves nobody out after a while, and where it is not told what was started', () => {
    const late = lookSince({ newest: 20, ageMs: 5_000 }, known, new FakeSystem([1, 10, 15, 20], 20));
    expect([idsOf(late), late.newest, late.isWhole]).toEqual([[1, 10, 15, 20], 20, true]);
    const untold = lookSince({ newest: 20, ageMs: 0 }, known, new FakeSystem([1, 10, 15, 20], undefined));
    expect([idsOf(untold), untold.newest, untold.isWhole]).toEqual([[1, 10, 15, 20], undefined, true]);
  });

  it('tells who is about to be gone', () => {
    const system = new FakeSystem([10, 21], 21);
    system.ending.add(21);
    expect(lookSince({ newest: 20, ageMs: 0 }, known, system).rows.map(({ isEnding }) => isEnding)).toEqual([false, true]);
  });

  it.skipIf(process.platform !== 'linux')('does not take a thread for a process', () => {
    const threads = readdirSync('/proc/self/task').map(Number);
    expect(threads.length).toBeGreaterThan(1);
    const [first = 0] = threads;
    expect(idsOf(lookSince({ newest: first, ageMs: 0 }, new Map(threads.map((id) => [id, '']))))).toContain(process.pid);
    expect(threads.filter((id) => id !== process.pid && idsOf(lookSince({ newest: first, ageMs: 0 }, new Map([[id, '']]))).includes(id))).toEqual([]);
  });
});
