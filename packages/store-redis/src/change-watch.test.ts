import type { RunChange } from '@kb-labs/ports';
import { aCreate, anEndedSummary, aRunFinished, aStepFinished, aStepStarted, aTicket, countingIds, fakeClock, memoryLogger } from '@kb-labs/testkit';
import { describe, expect, it, onTestFinished } from 'vitest';

import { openRedisStore } from './index.js';
import { startRedisServer } from './redis-server.fixture.js';
import { sharedServer } from './shared-server.fixture.js';

const server = sharedServer();
const ids = countingIds();

describe('a watcher', () => {
  it('is told of what another process writes without waiting for the next look', async () => {
    const store = await server.open({ clock: fakeClock() });
    const other = await server.open();
    const runId = ids.runId();
    await store.log.create(aCreate(runId));
    const calls = { run: 0, ready: 0 };
    store.log.watch(runId, () => (calls.run += 1));
    store.queue.onReady(() => (calls.ready += 1));
    await until(() => calls.run > 0 && calls.ready > 0);
    const before = { ...calls };
    await other.log.append({ runId, at: 1, events: [aStepStarted()], enqueue: [aTicket(runId)] });
    await until(() => calls.run > before.run && calls.ready > before.ready);
  });

  it('hears with a message how the journal stands, and nothing without one', async () => {
    const store = await server.open({ clock: fakeClock() });
    const runId = ids.runId();
    await store.log.create(aCreate(runId));
    const told: (RunChange | undefined)[] = [];
    store.log.watch(runId, (change) => told.push(change));
    await until(() => told.length === 1);
    await store.log.append({ runId, at: 1, expected: 1, events: [aStepStarted()] });
    await store.log.append({ runId, at: 1, events: [aStepFinished()] });
    await store.log.append({ runId, at: 1, expected: 3, events: [aRunFinished()], summary: anEndedSummary(runId) });
    await until(() => told.length === 4);
    expect(told).toEqual([undefined, { decided: 2, ended: false }, { decided: 2, ended: false }, { decided: 4, ended: true }]);
  });

  it('hears whether tickets may have come, or only fewer are held', async () => {
    const store = await server.open({ clock: fakeClock(), presenceMs: 3_600_000 });
    const [runId, worker] = [ids.runId(), ids.workerId()];
    await store.log.create(aCreate(runId));
    await store.queue.join({ id: worker });
    const told: ('room' | undefined)[] = [];
    store.queue.onReady((only) => told.push(only));
    await until(() => told.length === 1);
    await store.queue.ensure([aTicket(runId), aTicket(runId, { job: 'b' })]);
    const [a, b] = await store.queue.take(worker, { limit: 2, leaseMs: 60_000 });
    if (a === undefined || b === undefined) throw new Error('two were due');
    await store.queue.discard([a]);
    await store.queue.release([b]);
    await until(() => told.length === 4);
    expect(told).toEqual([undefined, undefined, 'room', undefined]);
  });

  it('shares a command with others that begin and end in the same turn, and hears all the same', async () => {
    const store = await server.open({ clock: fakeClock() });
    const runs = Array.from({ length: 20 }, () => ids.runId());
    const asked = async (): Promise<number[]> => {
      const stats = await server.redis.info('commandstats');
      return ['subscribe', 'unsubscribe'].map((name) => Number(new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(stats)?.[1] ?? 0));
    };
    const [subscribed = 0, unsubscribed = 0] = await asked();
    const calls = new Map<string, number>();
    const ends = runs.map((runId) => store.log.watch(runId, () => calls.set(runId, (calls.get(runId) ?? 0) + 1)));
    await until(() => calls.size === runs.length);
    for (const runId of runs) await store.log.create(aCreate(runId));
    await until(() => [...calls.values()].every((count) => count === 2));
    // One of them begins anew while others end.
    ends.forEach((end) => end());
    const again = new Set<RunChange | undefined>();
    const [first = ids.runId()] = runs;
    store.log.watch(first, (change) => again.add(change));
    await until(() => again.size === 1);
    await store.log.append({ runId: first, at: 1, expected: 1, events: [aStepStarted()] });
    await until(() => again.size === 2);
    expect(await asked()).toEqual([subscribed + 2, unsubscribed + 1]);
    expect([...calls.values()]).toEqual(runs.map(() => 2));
  });

  it('is called at every look, in case a hint was lost, until it ends', async () => {
    const clock = fakeClock();
    const store = await server.open({ clock, checkMs: 1_000, sweepMs: 3_600_000 });
    let [calls, readyCalls] = [0, 0];
    const end = store.log.watch(ids.runId(), () => (calls += 1));
    const endReady = store.queue.onReady(() => (readyCalls += 1));
    await until(() => calls === 1 && readyCalls === 1);
    await clock.advance(3_000);
    // Whoever waits for tickets looks itself.
    expect([calls, readyCalls]).toEqual([4, 1]);
    end();
    await clock.advance(3_000);
    expect(calls).toBe(4);
    expect(clock.timers).toBe(1);
    endReady();
  });

  it('is called again when the connection that listens comes back', async () => {
    const away = await startRedisServer({ appendfsync: 'always' });
    const store = await openRedisStore({ connection: { url: away.url }, checkMs: 3_600_000 });
    onTestFinished(async () => {
      await store.close();
      await away.stop();
    });
    const runId = ids.runId();
    let calls = 0;
    store.log.watch(runId, () => (calls += 1));
    await until(() => calls > 0);
    await away.kill();
    const before = calls;
    await away.restart();
    await until(() => calls > before);
    const heard = calls;
    await store.log.create(aCreate(runId));
    await until(() => calls > heard);
  });

  it('that throws keeps nobody else from being told', async () => {
    const [clock, logger] = [fakeClock(), memoryLogger()];
    const store = await server.open({ clock, logger });
    let calls = 0;
    store.log.watch(null, () => {
      throw new Error('oops');
    });
    store.log.watch(null, () => (calls += 1));
    await until(() => calls > 0);
    expect(logger.entries.filter((entry) => entry.level === 'error')[0]).toEqual({ level: 'error', message: 'a watcher threw', fields: { problem: 'oops' } });
  });
});

async function until(holds: () => boolean): Promise<void> {
  const patience = AbortSignal.timeout(10_000);
  while (!holds()) {
    if (patience.aborted) throw new Error('did not happen');
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
