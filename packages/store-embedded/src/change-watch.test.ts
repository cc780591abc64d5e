import { aCreate, aStepStarted, countingIds, fakeClock, memoryLogger } from '@kb-labs/testkit';
import { expect, it } from 'vitest';

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
