import { aCreate, aStepStarted, countingIds, fakeClock, memoryLogger } from '@kb-labs/testkit';
import { expect, it } from 'vitest';

import { ChangeWatch } from './change-watch.js';
import { openEmbeddedStore } from './index.js';
import { temporaryDir } from './temporary-dir.fixture.js';

const ids = countingIds();

it('sets no timer while nobody watches', async () => {
  const clock = fakeClock();
  const store = await openEmbeddedStore({ dir: temporaryDir(), clock });
  await store.log.create(aCreate(ids.runId()));
  expect(clock.timers).toBe(0);
  const ends = [store.log.watch(null, () => undefined), store.queue.onReady(() => undefined)];
  expect(clock.timers).toBe(1);
  await clock.advance(1_000);
  expect(clock.timers).toBe(1);
  for (const end of ends) end();
  expect(clock.timers).toBe(0);
  store.log.watch(null, () => undefined);
  await store.close();
  expect(clock.timers).toBe(0);
});

it('tells of a write of its own without waiting, and of another process after the check interval', async () => {
  const [clock, dir] = [fakeClock(), temporaryDir()];
  const store = await openEmbeddedStore({ dir, clock, checkMs: 25 });
  const other = await openEmbeddedStore({ dir, clock });
  const runId = ids.runId();
  await store.log.create(aCreate(runId));
  let calls = 0;
  store.log.watch(runId, () => (calls += 1));
  await clock.advance(25);
  expect(calls).toBe(1);
  await store.log.append({ runId, at: 1, events: [aStepStarted()] });
  expect(calls).toBe(2);
  await other.log.append({ runId, at: 1, events: [aStepStarted()] });
  await clock.advance(24);
  expect(calls).toBe(2);
  await clock.advance(1);
  expect(calls).toBe(3);
  await clock.advance(10_000);
  expect(calls).toBe(3);
  await store.close();
  await other.close();
});

it('misses nothing that another process wrote between reading and watching', async () => {
  const [clock, dir] = [fakeClock(), temporaryDir()];
  const [store, other] = [await openEmbeddedStore({ dir, clock }), await openEmbeddedStore({ dir, clock })];
  const runId = ids.runId();
  await store.log.create(aCreate(runId));
  const end = store.log.watch(null, () => undefined);
  await clock.advance(1_000);
  await store.log.read(runId, 0);
  await other.log.append({ runId, at: 1, events: [aStepStarted()] });
  await clock.advance(1_000);
  let calls = 0;
  store.log.watch(runId, () => (calls += 1));
  await clock.advance(25);
  expect(calls).toBe(1);
  end();
  await store.close();
  await other.close();
});

it('goes on when a watcher throws, and says so', async () => {
  const [clock, logger] = [fakeClock(), memoryLogger()];
  const store = await openEmbeddedStore({ dir: temporaryDir(), clock, logger });
  let calls = 0;
  store.log.watch(null, () => {
    throw new Error('oops');
  });
  store.log.watch(null, () => (calls += 1));
  await store.log.create(aCreate(ids.runId()));
  expect(calls).toBe(1);
  expect(logger.entries).toEqual([{ level: 'error', message: 'a watcher threw', fields: { problem: 'oops' } }]);
  await store.close();
});

/** A file that nobody has written to yet, which the system can tell of or not. */
function watched(canListen = true) {
  const clock = fakeClock();
  const file = { version: 0, looks: 0, listeners: new Set<() => void>() };
  const watch = new ChangeWatch({
    clock,
    checkMs: 25,
    logger: undefined,
    foreignVersion: () => {
      file.looks += 1;
      return file.version;
    },
    listen: (onWrite) => {
      if (!canListen) throw new Error('no room for another watch');
      file.listeners.add(onWrite);
      return () => file.listeners.delete(onWrite);
    },
    workerDied: () => false,
  });
  const looksIn = async (ms: number): Promise<number> => {
    const before = file.looks;
    await clock.advance(ms);
    return file.looks - before;
  };
  return { clock, file, watch, looksIn };
}

it('hardly looks while nothing happens, and at once when the system tells of a write', async () => {
  const { file, watch, looksIn } = watched();
  let calls = 0;
  watch.watchRun(null, () => (calls += 1));
  expect([await looksIn(2_000), file.listeners.size]).toEqual([80, 1]);
  expect(await looksIn(5_100)).toBeLessThan(12);
  file.version += 1;
  for (const told of file.listeners) told();
  expect([calls, file.listeners.size]).toEqual([2, 0]);
  expect(await looksIn(1_000), 'after which it looks often').toBe(40);
  watch.close();
});

it('looks more often while somebody follows a log, and no more once nobody does', async () => {
  const { watch, looksIn } = watched();
  watch.watchRun(null, () => undefined);
  const end = watch.watchLogs('run', () => undefined);
  await looksIn(25);
  expect(await looksIn(200)).toBe(20);
  end();
  end();
  await looksIn(10);
  expect(await looksIn(200)).toBe(8);
  watch.close();
});

it('misses no write between its last look and being told, nor one that nobody tells of', async () => {
  const { file, watch, looksIn } = watched();
  let calls = 0;
  watch.watchRun(null, () => (calls += 1));
  await looksIn(2_000);
  file.version += 1;
  await looksIn(25);
  expect(calls).toBe(2);
  await looksIn(2_100);
  file.version += 1;
  await looksIn(510);
  expect(calls).toBe(3);
  watch.close();
});

it('calls a new watcher soon while nothing happens, and stops listening with the last one', async () => {
  const { clock, file, watch, looksIn } = watched();
  const end = watch.watchRun(null, () => undefined);
  await looksIn(3_000);
  let calls = 0;
  const endNew = watch.watchLogs('run', () => (calls += 1));
  await looksIn(25);
  expect(calls).toBe(1);
  await looksIn(3_000);
  expect(file.listeners.size).toBe(1);
  end();
  endNew();
  expect([file.listeners.size, clock.timers]).toEqual([0, 0]);
});

it('goes on looking often where the system cannot tell', async () => {
  const { watch, looksIn } = watched(false);
  watch.watchRun(null, () => undefined);
  await looksIn(10_000);
  expect(await looksIn(1_000)).toBe(40);
  watch.close();
});

it('is told by the system of what another process has written', async () => {
  const [clock, dir] = [fakeClock(), temporaryDir()];
  const [store, other] = [await openEmbeddedStore({ dir, clock }), await openEmbeddedStore({ dir, clock })];
  const runId = ids.runId();
  await store.log.create(aCreate(runId));
  const told = Promise.withResolvers<void>();
  let calls = 0;
  store.log.watch(runId, () => {
    calls += 1;
    if (calls > 1) told.resolve();
  });
  await clock.advance(3_000);
  expect(calls).toBe(1);
  await other.log.append({ runId, at: 1, events: [aStepStarted()] });
  // No time passes: it is the system that says so.
  await told.promise;
  expect(calls).toBe(2);
  await store.close();
  await other.close();
});
