import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { startRedisServer } from '@kb-labs/testkit';
import { afterEach, describe, expect, it } from 'vitest';

import { DaemonProcess } from './daemon.fixture.js';
import { sized } from './fault-size.js';
import { Hosts } from './host.fixture.js';
import { openEngine } from './open-engine.js';
import { openRedisEngine } from './open-redis-engine.js';
import { Project } from './project.fixture.js';
import { acknowledged, allEnded, askAgain, askUntilRefused, complaints, fill, GROWING, isReady, mountDisk, refusals, until } from './state-full.fixture.js';

const NEEDS = 'needs the right to mount a small file system';
const SIZE = sized('3m', '8m');
const ENOUGH = '256m';

const hosts = new Hosts();
const closing: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
  hosts.clear();
});

const runsNoSteps = (): Promise<never> => Promise.reject(new Error('it runs no steps'));

async function startDaemon(stateUrl: string): Promise<{ project: Project; daemon: DaemonProcess }> {
  const project = new Project({ '.kb/workflows/growing.yml': GROWING }, { KB_STATE_URL: stateUrl });
  closing.push(() => project.remove());
  const daemon = await DaemonProcess.start(project);
  expect(await isReady(daemon)).toBe(true);
  return { project, daemon };
}

/** What SQLite itself finds wrong with a file. */
function damage(file: string): unknown[] {
  const database = new DatabaseSync(file);
  try {
    return database.prepare('PRAGMA integrity_check').all().map((row) => row['integrity_check']).filter((line) => line !== 'ok');
  } catch (error) {
    return [String(error)];
  } finally {
    database.close();
  }
}

describe('a disk that is full', () => {
  it('has what it cannot keep refused within a second, and everything that was accepted ends once there is room', async ({ skip }) => {
    const dir = hosts.newDir();
    const disk = mountDisk(dir, SIZE);
    if (disk === undefined) return skip(NEEDS);
    closing.push(() => disk.unmount());
    const state = join(disk.path, 'state');
    const ledger = join(dir, 'ledger.txt');
    const { project, daemon } = await startDaemon(`file:${state}`);
    const { deps, store } = await openEngine({ dir: state, workflows: [GROWING], run: runsNoSteps });
    const told = await fill(deps, { ledger, project, daemon });

    disk.grow(ENOUGH);
    await until(() => isReady(daemon));
    const later = await askAgain(deps, told, ledger);
    await allEnded(deps);
    const runs = [...acknowledged(told), ...later];
    expect(new Set(runs).size).toBe(told.length);
    expect(await complaints(deps, dir, runs)).toEqual([]);
    expect(daemon.child.exitCode, 'the daemon is the one that began').toBeNull();
    expect(await daemon.kill('SIGTERM')).toBe(0);
    await store.close();

    const file = join(state, 'state.db');
    expect(damage(file)).toEqual([]);
    // The checker sees what it is there for.
    const copy = join(dir, 'damaged.db');
    copyFileSync(file, copy);
    const bytes = readFileSync(copy);
    bytes.fill(0x5a, 20 * 4_096, 60 * 4_096);
    writeFileSync(copy, bytes);
    expect(damage(copy)).not.toEqual([]);
  }, 180_000);

  it('has the same told of a Redis server that keeps its file there', async ({ skip }) => {
    const dir = hosts.newDir();
    const disk = mountDisk(dir, SIZE);
    if (disk === undefined) return skip(NEEDS);
    closing.push(() => disk.unmount());
    const ledger = join(dir, 'ledger.txt');
    // With "always", Redis ends itself when it cannot write: that is the next test.
    const server = await startRedisServer({ 'maxmemory-policy': 'noeviction', appendfsync: 'everysec', 'auto-aof-rewrite-percentage': '0', dir: disk.path });
    closing.push(() => server.stop());
    const { project, daemon } = await startDaemon(server.url);
    const { deps, store } = await openRedisEngine(server.url, { dir, workflows: [GROWING], run: runsNoSteps });
    closing.push(() => store.close());
    const told = await fill(deps, { ledger, project, daemon });

    disk.grow(ENOUGH);
    await until(() => isReady(daemon));
    const later = await askAgain(deps, told, ledger);
    await allEnded(deps);
    const runs = [...acknowledged(told), ...later];
    expect(await complaints(deps, dir, runs)).toEqual([]);
    // What it has on the disk is the same.
    await server.kill();
    await server.restart();
    await until(() => isReady(daemon));
    expect(await complaints(deps, dir, runs)).toEqual([]);
  }, 180_000);

  it('ends a Redis server that answers only for what is on the disk, which loses nothing of that', async ({ skip }) => {
    const dir = hosts.newDir();
    const disk = mountDisk(dir, SIZE);
    if (disk === undefined) return skip(NEEDS);
    closing.push(() => disk.unmount());
    const ledger = join(dir, 'ledger.txt');
    const server = await startRedisServer({ 'maxmemory-policy': 'noeviction', appendfsync: 'always', 'auto-aof-rewrite-percentage': '0', dir: disk.path });
    closing.push(() => server.stop());
    const { daemon } = await startDaemon(server.url);
    const { deps, store } = await openRedisEngine(server.url, { dir, workflows: [GROWING], run: runsNoSteps });
    closing.push(() => store.close());
    const told = await askUntilRefused(deps, { ledger, refusals: sized(2, 5) });
    expect(new Set(refusals(told).map(({ code }) => code))).toEqual(new Set(['STATE_UNAVAILABLE']));
    await until(async () => !(await isReady(daemon)));

    disk.grow(ENOUGH);
    await server.restart();
    await until(() => isReady(daemon));
    const later = await askAgain(deps, told, ledger);
    await allEnded(deps);
    const runs = [...acknowledged(told), ...later];
    expect(await complaints(deps, dir, runs)).toEqual([]);
    expect(daemon.child.exitCode, 'the daemon is the one that began').toBeNull();
  }, 180_000);
});
