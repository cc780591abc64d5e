import { spawn } from 'node:child_process';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { temporaryFolder } from '../step-call.fixture.js';
import { FakeSystem } from './fake-system.fixture.js';
import { alive, processesIn, STAY } from './live-processes.fixture.js';
import { HAS_PROCESS_LIST } from './process-list.js';
import { SHAPES } from './process-shapes.fixture.js';
import { ProcessTree } from './process-tree.js';

/** A leader that has been there for so long does not tell any more which ids were given out since. */
const LONG_MS = 60_000;

describe.skipIf(!HAS_PROCESS_LIST)('a program that goes on', () => {
  /** Those that leave it to the program that started them. */
  const left = SHAPES.filter(({ script }) => script.endsWith('& wait')).map((shape) => ({ ...shape, script: shape.script.replace(/ wait$/, '') }));

  it.each(left)('has ended what it left after a look that saw nothing: $name', async ({ script, count }) => {
    using folder = temporaryFolder();
    const pids = join(folder.path, 'pids');
    copyFileSync('/bin/sleep', join(folder.path, 'a) Z 1 (b'));
    const token = `a-token-${folder.path}`;
    const reads = `${STAY}\nwhile read -r line; do eval "$line"; done`;
    const child = spawn('bash', ['--norc', '-c', reads], { cwd: folder.path, detached: true, stdio: ['pipe', 'ignore', 'ignore'], env: { PATH: process.env['PATH'], PIDS: pids, TOKEN: token } });
    const exited = new Promise((resolve) => child.once('exit', resolve));
    let now = 0;
    const tree = new ProcessTree(child.pid ?? 0, token, { now: () => now });
    try {
      now = LONG_MS;
      expect(await tree.endOthers(50)).toBe(0);
      for (let round = 0; round < 2; round += 1) {
        const before = (await processesIn(pids, 0)).length;
        child.stdin?.write(`${script}\n`);
        const started = await processesIn(pids, before + count);
        expect(alive(started).length).toBeGreaterThanOrEqual(count);
        expect(await tree.endOthers(50)).toBeGreaterThanOrEqual(count);
        expect(alive(await processesIn(pids, before + count))).toEqual([]);
        expect(alive([child.pid ?? 0])).toEqual([child.pid]);
      }
    } finally {
      // A test that has failed leaves nothing behind either.
      await tree.end(50);
      await exited;
    }
  });
});

describe('a tree of which nothing was started', () => {
  const token = 'the-token';
  const open = (system: FakeSystem) => {
    const clock = { now: 0 };
    return { clock, tree: new ProcessTree(10, token, { now: () => clock.now, proc: system }) };
  };
  const idsOf = (tree: ProcessTree): number[] => tree.members().map(({ pid }) => pid);

  it('costs one look at all processes in a while', () => {
    const system = new FakeSystem([1, 10, 15], 20);
    const { clock, tree } = open(system);
    clock.now = LONG_MS;
    expect(idsOf(tree)).toEqual([10]);
    expect(system.asked).toContain('15/stat');
    system.asked.length = 0;
    for (let looks = 0; looks < 3; looks += 1) expect(idsOf(tree)).toEqual([10]);
    expect(new Set(system.asked)).toEqual(new Set(['sys/kernel/ns_last_pid', '10/stat']));
    clock.now += LONG_MS;
    expect(idsOf(tree)).toEqual([10]);
    expect(system.asked).toContain('15/stat');
  });

  it('costs one small read after the last call left nothing', async () => {
    const system = new FakeSystem([1, 10, 15], 20);
    const { tree } = open(system);
    await tree.endOthers(0);
    system.asked.length = 0;
    expect(await tree.endOthers(0)).toBe(0);
    expect(system.asked).toEqual(['sys/kernel/ns_last_pid']);
    // A program of somebody else.
    system.ids = [1, 10, 15, 21];
    system.newest = 21;
    for (let calls = 0; calls < 2; calls += 1) expect(await tree.endOthers(0)).toBe(0);
    expect(system.asked.slice(1)).toEqual(['sys/kernel/ns_last_pid', 'sys/kernel/ns_last_pid', '10/stat', '21/stat', '21/environ', 'sys/kernel/ns_last_pid']);
  });

  it('costs one small read once all of it is gone', async () => {
    const system = new FakeSystem([1, 15], 20);
    const { tree } = open(system);
    await tree.vanish(() => true);
    system.asked.length = 0;
    expect(await tree.end(0)).toEqual({ told: 0, left: [] });
    expect(system.asked).toEqual(['sys/kernel/ns_last_pid']);
    system.ids = [1, 15, 21];
    system.newest = 21;
    system.environments.set(21, `TOKEN=${token}\0`);
    expect(idsOf(tree)).toEqual([21]);
  });

  it('has them all looked at again when one could not be told', () => {
    const system = new FakeSystem([1, 10, 15], 20);
    // As of a process between two programs.
    system.environments.set(15, '');
    const { clock, tree } = open(system);
    clock.now = LONG_MS;
    expect(idsOf(tree)).toEqual([10]);
    system.environments.set(15, `TOKEN=${token}\0`);
    expect(idsOf(tree)).toEqual([10, 15]);
  });

  it('has one looked at again that could not be told when it was new', () => {
    const system = new FakeSystem([1, 10], 20);
    const { tree } = open(system);
    expect(idsOf(tree)).toEqual([10]);
    system.ids = [1, 10, 21];
    system.newest = 21;
    system.environments.set(21, '');
    expect(idsOf(tree)).toEqual([10]);
    system.environments.set(21, `TOKEN=${token}\0`);
    expect(idsOf(tree)).toEqual([10, 21]);
  });

  it('does not take one that never has an environment for one that will', () => {
    const system = new FakeSystem([1, 10, 15], 20);
    system.environments.set(15, '');
    const { clock, tree } = open(system);
    clock.now = LONG_MS;
    for (let looks = 0; looks < 2; looks += 1) expect(idsOf(tree)).toEqual([10]);
    system.asked.length = 0;
    expect(idsOf(tree)).toEqual([10]);
    expect(system.asked).toEqual(['sys/kernel/ns_last_pid', '10/stat']);
  });
});
