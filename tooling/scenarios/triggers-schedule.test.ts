import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import type { RunId, ScheduleView } from '@kb-labs/contracts';
import type { EngineDeps } from '@kb-labs/engine';
import { openEmbeddedStore } from '@kb-labs/store-embedded';
import { openRedisStore } from '@kb-labs/store-redis';
import { type RedisServer, startRedisServer } from '@kb-labs/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { DaemonProcess } from './daemon.fixture.js';
import { FakeTime, findFakeTime } from './fake-time.fixture.js';
import { sized } from './fault-size.js';
import { Project } from './project.fixture.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** One by a kill and one by a signal, at least. */
const RESTARTS = sized(2, 20);
/** In which a run too many would show. */
const MORE_MS = sized(300, 1_000);

const scheduled = (id: string, schedule: string): string => `id: ${id}\npermissions: { shell: true }\non: { schedule: [${schedule}] }\njobs: { a: { steps: [{ run: "true" }] } }\n`;

const library = findFakeTime();
if (library === undefined) console.warn('libfaketime is not here (Debian: faketime): schedules are not tried with another time');

let folder: string;
let time: FakeTime;
let projects: Project[];
let daemons: DaemonProcess[];
let server: RedisServer | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kb-time-'));
  projects = [];
  daemons = [];
});
afterEach(async () => {
  await Promise.all(daemons.map((one) => one.kill('SIGKILL')));
  for (const one of projects) one.remove();
  await server?.stop();
  server = undefined;
  rmSync(folder, { recursive: true, force: true });
});

function machine(files: Readonly<Record<string, string>>, env: NodeJS.ProcessEnv = {}): Project {
  const project = new Project(files, { ...time.env, ...env });
  projects.push(project);
  return project;
}

async function start(project: Project): Promise<DaemonProcess> {
  const daemon = await DaemonProcess.start(project, '--roles=gateway,scheduler');
  daemons.push(daemon);
  return daemon;
}

async function stop(daemon: DaemonProcess, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
  await daemon.kill(signal);
  daemons = daemons.filter((one) => one !== daemon);
}

const clock: EngineDeps['clock'] = {
  now: () => time.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};

type Journals = Pick<EngineDeps, 'catalog' | 'log'>;

/** The times that a workflow was started for, in order: each as often as it was. */
async function timesOf({ catalog, log }: Journals, workflowId: string): Promise<number[]> {
  const runs = await catalog.listRuns({ workflowId, limit: 1_000 });
  const times: number[] = [];
  for (const { id } of runs) {
    const [first] = await log.read(id as RunId, 0);
    if (first?.type === 'run.started' && first.trigger.schedule !== undefined) times.push(Date.parse(first.trigger.schedule.at));
  }
  return times.toSorted((a, b) => a - b);
}

async function inFile<T>(project: Project, ask: (journals: Journals) => Promise<T>): Promise<T> {
  const store = await openEmbeddedStore({ dir: join(project.dir, '.kb/state'), clock });
  try {
    return await ask(store);
  } finally {
    await store.close();
  }
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await wait(50);
}

const minutes = (from: number, count: number): number[] => Array.from({ length: count }, (_, n) => from + n * MINUTE);

describe.skipIf(library === undefined)('a schedule', () => {
  beforeEach(() => {
    time = new FakeTime(library ?? '', join(folder, 'time'));
  });

  it(`starts one run for each minute over ${String(RESTARTS)} restarts across it, some of them by a kill`, { timeout: 180_000 }, async () => {
    const project = machine({ '.kb/workflows/often.yml': scheduled('often', '{ cron: "* * * * *", catchup: all, overlap: allow }') });
    const first = Math.ceil((Date.now() + HOUR) / MINUTE) * MINUTE;
    time.set(first - 30_000);
    await stop(await start(project));
    for (let n = 0; n < RESTARTS; n += 1) {
      // It takes some hundred milliseconds to start: the minute comes before, while, and after it does.
      time.set(first + n * MINUTE - 900 + (n * 137) % 1_000);
      const daemon = await start(project);
      await wait((n * 61) % 400);
      await stop(daemon, n % 2 === 0 ? 'SIGKILL' : 'SIGTERM');
    }
    time.set(first + (RESTARTS - 1) * MINUTE + 20_000);
    const last = await start(project);
    await until(() => inFile(project, async (journals) => (await timesOf(journals, 'often')).length >= RESTARTS));
    await wait(MORE_MS);
    await stop(last);
    expect(await inFile(project, (journals) => timesOf(journals, 'often'))).toEqual(minutes(first, RESTARTS));
  });

  it('starts one run for each minute where two daemons share a Redis and see it at once, restarted as often', { timeout: 240_000 }, async () => {
    server = await startRedisServer({ appendfsync: 'always', 'maxmemory-policy': 'noeviction' });
    const files = { '.kb/workflows/often.yml': scheduled('often', '{ cron: "* * * * *", catchup: all, overlap: allow }') };
    const machines = [machine(files, { KB_STATE_URL: server.url }), machine(files, { KB_STATE_URL: server.url })] as const;
    const first = Math.ceil((Date.now() + HOUR) / MINUTE) * MINUTE;
    time.set(first - 30_000);
    await stop(await start(machines[0]));
    for (let n = 0; n < RESTARTS; n += 1) {
      time.set(first + n * MINUTE - 900 + (n * 137) % 1_000);
      const both = await Promise.all(machines.map(start));
      await wait((n * 61) % 400);
      await Promise.all(both.map((daemon, index) => stop(daemon, (n + index) % 2 === 0 ? 'SIGKILL' : 'SIGTERM')));
    }
    time.set(first + (RESTARTS - 1) * MINUTE + 20_000);
    const both = await Promise.all(machines.map(start));
    const store = await openRedisStore({ connection: { url: server.url }, prefix: 'kb' });
    try {
      await until(async () => (await timesOf(store, 'often')).length >= RESTARTS);
      await wait(MORE_MS);
      for (const daemon of both) await stop(daemon);
      expect(await timesOf(store, 'often')).toEqual(minutes(first, RESTARTS));
    } finally {
      await store.close();
    }
  });

  it('is served at its time, and what waits as soon as what goes on has ended', { timeout: 60_000 }, async () => {
    const project = machine({
      '.kb/workflows/one.yml': scheduled('one', '{ cron: "* * * * *", overlap: allow }'),
      '.kb/workflows/row.yml': scheduled('row', '{ cron: "0 * * * *", catchup: all, overlap: queue }').replace('run: "true"', 'run: "sleep 0.3"'),
    });
    const first = Math.ceil((Date.now() + HOUR) / HOUR) * HOUR;
    time.set(first - 2.5 * HOUR - 20_000);
    await stop(await start(project));
    time.set(first - 1_500);
    const daemon = await DaemonProcess.start(project, '--roles=gateway,scheduler,worker', '--concurrency=4');
    daemons.push(daemon);
    const ended = async (): Promise<{ id: string; workflowId: string; createdAt: string; finishedAt: string | null }[]> =>
      (await project.json<{ items: { id: string; workflowId: string; createdAt: string; finishedAt: string | null }[] }>('workflow:list-runs')).items;
    await until(async () => (await ended()).filter(({ workflowId, finishedAt }) => workflowId === 'row' && finishedAt !== null).length === 3);
    const rows = (await ended()).filter(({ workflowId }) => workflowId === 'row').toReversed();
    for (const [n, row] of rows.slice(1).entries()) expect(row.createdAt >= (rows[n]?.finishedAt ?? ''), `${row.createdAt} ${String(rows[n]?.finishedAt)}`).toBe(true);
    await stop(daemon);
    expect(await inFile(project, (journals) => timesOf(journals, 'row'))).toEqual([first - 2 * HOUR, first - HOUR, first]);
    expect((await inFile(project, (journals) => timesOf(journals, 'one'))).filter((at) => at >= first)).toEqual([first]);
    const atTime = (await ended()).filter(({ workflowId }) => workflowId === 'one').map(({ createdAt }) => Date.parse(createdAt));
    expect(Math.max(...atTime)).toBeGreaterThanOrEqual(first);
  });

  it('makes up for three days that nobody looked by its catchup, and gives nothing twice when the clock is put back', { timeout: 120_000 }, async () => {
    const catchups = ['none', 'last', 'all'] as const;
    const project = machine(Object.fromEntries(catchups.map((catchup) => [`.kb/workflows/${catchup}.yml`, scheduled(catchup, `{ cron: "0 * * * *", catchup: ${catchup}, overlap: allow }`)])));
    const begin = Math.ceil(Date.now() / HOUR) * HOUR + 30 * MINUTE;
    time.set(begin);
    await stop(await start(project));
    const round = async (now: number): Promise<number[][]> => {
      time.set(now);
      const daemon = await start(project);
      await until(async () => (await project.json<{ items: ScheduleView[] }>('schedule:list')).items.every(({ waiting }) => waiting.length === 0));
      await wait(MORE_MS);
      await stop(daemon);
      return inFile(project, (journals) => Promise.all(catchups.map((catchup) => timesOf(journals, catchup))));
    };
    const newest = begin + 3 * 24 * HOUR - 30 * MINUTE;
    const hours = Array.from({ length: 72 }, (_, n) => newest - (71 - n) * HOUR);
    expect(await round(begin + 3 * 24 * HOUR)).toEqual([[], [newest], hours]);
    // An hour back, and forward again: those hours have had their runs.
    expect(await round(newest - 30 * MINUTE)).toEqual([[], [newest], hours]);
    expect(await round(newest + 10 * MINUTE)).toEqual([[], [newest], hours]);
    expect(await round(newest + HOUR + 10_000)).toEqual([[newest + HOUR], [newest, newest + HOUR], [...hours, newest + HOUR]]);
    const { items } = await project.json<{ items: ScheduleView[] }>('schedule:list');
    expect(items.map(({ workflowId, lastSkip }) => [workflowId, lastSkip?.why])).toEqual([['all', undefined], ['last', 'missed'], ['none', 'missed']]);
  });
});

describe('schedules on the command line', () => {
  it('are listed, paused, gone on with and triggered', { timeout: 60_000 }, async () => {
    const project = new Project({ '.kb/workflows/nightly.yml': scheduled('nightly', '{ cron: "30 2 * * *", timezone: Europe/Vienna }') });
    projects.push(project);
    const { items } = await project.json<{ items: ScheduleView[] }>('schedule:list');
    expect(items).toMatchObject([{ workflowId: 'nightly', status: 'active', next: { length: 10 }, lastRun: null, problem: null }]);
    expect(await project.json('schedule:pause', 'nightly')).toMatchObject({ status: 'paused' });
    expect(await project.json('schedule:resume', items[0]?.id ?? '')).toMatchObject({ status: 'active' });
    const run = await project.json<{ id: string; trigger: unknown }>('schedule:trigger', 'nightly');
    expect(run.trigger).toMatchObject({ type: 'schedule', schedule: { cron: '30 2 * * *', timezone: 'Europe/Vienna' } });
    expect((await project.kb('workflow:watch', `--run-id=${run.id}`)).code).toBe(0);
    const text = (await project.kb('schedule:list', 'nightly')).stdout;
    expect(text).toContain(run.id);
    expect((await project.kb('schedule:pause', 'nightyl')).stderr).toContain('SCHEDULE_NOT_FOUND');
  });
});
