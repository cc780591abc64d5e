import type { RunId } from '@kb-labs/contracts';
import { aCreate, aTicket, countingIds } from '@kb-labs/testkit';
import { expect, it } from 'vitest';

import { type EmbeddedStore, openEmbeddedStore } from './index.js';
import { type Child, runChild } from './run-child.fixture.js';
import { systemClock } from './system-clock.fixture.js';
import { temporaryDir } from './temporary-dir.fixture.js';

const PROCESSES = 3;
const ids = countingIds();

it('makes one file when several processes open it for the first time', async () => {
  const dir = temporaryDir();
  const said = await Promise.all(start('open', dir).map((child) => child.ended()));
  expect(said).toEqual(said.map(() => ['opened']));
  const store = await openEmbeddedStore({ dir, clock: systemClock });
  expect(await store.catalog.listRuns({ limit: 10 })).toHaveLength(PROCESSES);
  await store.close();
}, 60_000);

it('lets every decision of several processes be made once, one after the other', async () => {
  const { dir, store, runId } = await openedRun();
  const times = 40;
  const children = start('count', dir, runId, String(times));
  const numbers = (await Promise.all(children.map((child) => child.ended()))).flat();
  expect(children.map((child) => child.process.exitCode)).toEqual(children.map(() => 0));
  expect(numbers.sort((a, b) => Number(a) - Number(b))).toEqual(Array.from({ length: PROCESSES * times }, (_, index) => index + 2));
  const events = await store.log.read(runId, 1);
  expect(events.map((event) => (event.type === 'step.started' ? event.stepAttempt : 0))).toEqual(events.map((event) => event.seq - 1));
  await store.close();
}, 60_000);

it('hands each ticket to one of several processes', async () => {
  const { dir, store, runId } = await openedRun();
  const jobs = Array.from({ length: 60 }, (_, index) => `job-${String(index)}`);
  await store.queue.ensure(jobs.map((job) => aTicket(runId, { job })));
  const said = (await Promise.all(start('work', dir, runId).map((child) => child.ended()))).flat();
  expect(said).toHaveLength(jobs.length);
  expect(said.every((each) => (each as { ok: boolean }).ok)).toBe(true);
  const finished = (await store.log.read(runId, 1)).map((event) => ('job' in event ? event.job : ''));
  expect(finished.sort()).toEqual(jobs.sort());
  expect(await store.queue.ticketsOf(runId)).toEqual([]);
  await store.close();
}, 60_000);

it('takes over at once from a process that was killed, and not from one that only stands still', async () => {
  const { dir, store, runId } = await openedRun();
  await store.queue.ensure([aTicket(runId)]);
  const holder = runChild('hold', dir, runId);
  const [lease] = (await holder.next()) as { token: number }[];
  const worker = ids.workerId();
  await store.queue.join({ id: worker, scope: [runId] });
  const isAlive = async (): Promise<boolean | undefined> => (await store.queue.ticketsOf(runId))[0]?.lease?.alive;

  holder.process.kill('SIGSTOP');
  expect(await store.queue.take(worker, { limit: 1, leaseMs: 1_000 })).toEqual([]);
  expect(await isAlive()).toBe(true);

  const told = new Promise<void>((resolve) => {
    const end = store.queue.onReady(() => {
      void isAlive().then((alive) => {
        if (alive !== false) return;
        end();
        resolve();
      });
    });
  });
  holder.process.kill('SIGKILL');
  await told;
  const [taken] = await store.queue.take(worker, { limit: 1, leaseMs: 1_000 });
  expect(taken?.token).toBeGreaterThan(lease?.token ?? Number.POSITIVE_INFINITY);
  await store.queue.leave(worker);
  expect(await store.queue.served([runId])).toEqual(new Set());
  await store.close();
});

async function openedRun(): Promise<{ dir: string; store: EmbeddedStore; runId: RunId }> {
  const dir = temporaryDir();
  const store = await openEmbeddedStore({ dir, clock: systemClock });
  const runId = ids.runId();
  await store.log.create(aCreate(runId));
  return { dir, store, runId };
}

function start(role: string, ...args: readonly string[]): Child[] {
  return Array.from({ length: PROCESSES }, () => runChild(role, ...args));
}
