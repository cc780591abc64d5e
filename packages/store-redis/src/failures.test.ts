import type { RunEventBody, RunId } from '@kb-labs/contracts';
import { aCreate, anEndedSummary, aRunFinished, aRunStarted, aStepFinished, aStepStarted, aSummary, aTicket, countingIds, someLines } from '@kb-labs/testkit';
import { describe, expect, it, onTestFinished } from 'vitest';

import { openRedisStore, type RedisStore } from './index.js';
import { startRedisServer } from './redis-server.fixture.js';
import { sharedServer } from './shared-server.fixture.js';

const server = sharedServer();
const ids = countingIds();

describe('a server that is away', () => {
  it('is reported at once for what was sent and soon for what was not, and used again when it is back', async () => {
    const away = await startRedisServer({ appendfsync: 'always' });
    const store = await openRedisStore({ connection: { url: away.url } });
    onTestFinished(async () => {
      await store.close();
      await away.stop();
    });
    const runId = ids.runId();
    await store.log.create(aCreate(runId));
    await store.log.append({ runId, at: 1, events: [aStepStarted()] });
    await away.kill();
    const calls = [store.log.read(runId, 0), store.catalog.listRuns({ limit: 1 }), store.log.append({ runId, at: 1, events: [aStepStarted()] }), store.queue.counts()];
    const started = performance.now();
    for (const result of await Promise.allSettled(calls)) expect(result).toMatchObject({ status: 'rejected', reason: { code: 'STATE_UNAVAILABLE' } });
    // A second is promised; five tell it from a queue that waits for the connection.
    expect(performance.now() - started).toBeLessThan(5_000);
    await away.restart();
    expect(await eventually(() => store.log.read(runId, 0))).toHaveLength(2);
  });

  it('is given up when it takes calls and does not answer, and used again when it does', async () => {
    const frozen = await startRedisServer({ appendfsync: 'always' });
    const store = await openRedisStore({ connection: { url: frozen.url }, answerWithinMs: 200 });
    onTestFinished(async () => {
      await store.close();
      await frozen.stop();
    });
    const runId = ids.runId();
    await store.log.create(aCreate(runId));
    process.kill(frozen.pid, 'SIGSTOP');
    await expect(store.log.append({ runId, at: 1, events: [aStepStarted()] })).rejects.toMatchObject({ code: 'STATE_UNAVAILABLE' });
    process.kill(frozen.pid, 'SIGCONT');
    await eventually(() => store.log.append({ runId, at: 1, events: [aStepFinished()] }));
    const events = await store.log.read(runId, 1);
    expect(events.filter((event) => event.type === 'step.started').length).toBeLessThan(2);
    expect(events.filter((event) => event.type === 'step.finished')).toHaveLength(1);
  });

  it('does not get a command twice that was under way when it stopped', async () => {
    const away = await startRedisServer({ appendfsync: 'always' });
    const store = await openRedisStore({ connection: { url: away.url } });
    onTestFinished(async () => {
      await store.close();
      await away.stop();
    });
    const runId = ids.runId();
    await store.log.create(aCreate(runId));
    for (let round = 0; round < 3; round += 1) {
      const head = (await eventually(() => store.log.read(runId, 0))).length;
      const writes = Array.from({ length: 200 }, (_, index) => store.log.append({ runId, at: index, events: [aStepStarted({ stepAttempt: round * 1_000 + index })] }));
      const [first] = writes;
      await first;
      const killed = away.kill();
      const results = await Promise.allSettled(writes);
      await killed;
      await away.restart();
      const attempts = (await eventually(() => store.log.read(runId, head))).map((event) => (event.type === 'step.started' ? event.stepAttempt : 0));
      expect(new Set(attempts).size).toBe(attempts.length);
      for (const [index, result] of results.entries()) if (result.status === 'fulfilled') expect(attempts).toContain(round * 1_000 + index);
    }
  });
});

describe('a server whose memory is full', () => {
  it('refuses what would grow and nothing else, and keeps no half of it', async () => {
    const full = await startRedisServer();
    const store = await openRedisStore({ connection: { url: full.url } });
    onTestFinished(async () => {
      await store.close();
      await full.stop();
    });
    const runId = ids.runId();
    await store.log.create(aCreate(runId, { enqueue: ['a', 'b', 'c'].map((job) => aTicket(runId, { job })) }));
    const worker = ids.workerId();
    await store.queue.join({ id: worker });
    const [one, two, three] = await store.queue.take(worker, { limit: 3, leaseMs: 60_000 });
    if (one === undefined || two === undefined || three === undefined) throw new Error('three tickets were due');

    await full.command('CONFIG', 'SET', 'maxmemory', '100kb');
    const grow = (): Promise<unknown> => store.log.append({ runId, at: 1, events: [aStepFinished()] });
    await expect(grow()).rejects.toMatchObject({ code: 'STATE_FULL' });
    const key = { key: 'k', digest: 'd', keepUntil: 1e13 };
    const refused = ids.runId();
    await expect(store.log.create(aCreate(refused, { idempotency: key }))).rejects.toMatchObject({ code: 'STATE_FULL' });
    await expect(store.logs.append(runId, { ticket: one.id, token: one.token }, someLines({ from: 1, to: 1 }))).rejects.toMatchObject({ code: 'STATE_FULL' });

    await expect(store.check()).rejects.toMatchObject({ code: 'STATE_FULL' });
    await expect(store.queue.join({ id: ids.workerId() })).rejects.toMatchObject({ code: 'STATE_FULL' });

    expect(await store.queue.renew([one, two, three], 60_000)).toHaveLength(3);
    await store.queue.release([two]);
    await store.queue.discard([three]);
    expect((await store.queue.ticketsOf(runId)).map((ticket) => [ticket.job, ticket.lease?.worker])).toEqual([['a', worker], ['b', undefined]]);
    expect(await store.log.read(runId, 0)).toHaveLength(1);
    await store.queue.leave(worker);

    await full.command('CONFIG', 'SET', 'maxmemory', '0');
    await store.check();
    expect(await grow()).toEqual({ ok: true, seq: 2 });
    await store.flushOutbox();
    expect(await store.catalog.getRun(refused)).toBeUndefined();
    expect(await store.log.create(aCreate(refused, { idempotency: key }))).toEqual({ ok: true, runId: refused, repeated: false });
    expect(await store.log.append({ runId, at: 2, events: [aRunFinished()], summary: anEndedSummary(runId) })).toMatchObject({ ok: true });
  });
});

describe('what cannot be read', () => {
  it('is refused when a journal is of a version that is not known', async () => {
    const { store, runId } = await storeWithRun([{ ...aRunStarted(), schema: 2 } as unknown as RunEventBody]);
    await expect(store.log.read(runId, 0)).rejects.toMatchObject({ code: 'STATE_SCHEMA' });
    await expect(store.log.append({ runId, at: 1, events: [aStepStarted()] })).rejects.toMatchObject({ code: 'STATE_SCHEMA' });
    expect((await store.catalog.getRun(runId))?.id).toBe(runId);
  });

  it('is reported when an event is damaged or missing, and when a key holds something else', async () => {
    const { store, runId } = await storeWithRun([aRunStarted(), aStepStarted(), aStepStarted()]);
    const events = `${server.prefix}:{${runId}}:events`;
    await server.redis.lset(events, 1, '1 {"type":');
    await expect(store.log.read(runId, 0)).rejects.toMatchObject({ code: 'STATE_CORRUPT', message: expect.stringContaining('event 2') as string });
    expect(await store.log.read(runId, 2)).toHaveLength(1);
    await server.redis.rpop(events);
    await expect(store.log.read(runId, 0)).rejects.toMatchObject({ code: 'STATE_CORRUPT' });
    await server.redis.set(events, 'text');
    await expect(store.log.read(runId, 0)).rejects.toMatchObject({ code: 'STATE_CORRUPT' });
    await expect(store.log.append({ runId, at: 1, events: [aStepStarted()] })).rejects.toMatchObject({ code: 'STATE_CORRUPT' });
    await server.redis.set(`{${server.prefix}}:runs:open`, 'text');
    await expect(store.catalog.openRuns({ limit: 1 })).rejects.toMatchObject({ code: 'STATE_CORRUPT' });
  });

  it('keeps what a write asked for until it can be done, when that fails after the journal was written', async () => {
    const { store, runId } = await storeWithRun([aRunStarted()]);
    const list = `{${server.prefix}}:runs:status:running`;
    await server.redis.set(list, 'text');
    const begin = store.log.append({ runId, at: 1, events: [aStepStarted()], summary: aSummary(runId, { status: 'running' }) });
    await expect(begin).rejects.toMatchObject({ code: 'STATE_CORRUPT', message: expect.stringContaining('WRONGTYPE') as string });
    expect(await store.log.read(runId, 0)).toHaveLength(2);
    expect(await server.redis.llen(`${server.prefix}:{${runId}}:outbox`)).toBe(1);
    await server.redis.del(list);
    await store.flushOutbox();
    expect((await store.catalog.listRuns({ status: 'running', limit: 9 })).map(({ id }) => id)).toEqual([runId]);
    expect(await store.catalog.countOpen()).toEqual({ running: 1 });
  });

  it('keeps what a write queued when it fails in the hand-out', async () => {
    const { store, runId } = await storeWithRun([aRunStarted()]);
    const worker = ids.workerId();
    await store.queue.join({ id: worker });
    store.queue.standBy?.(worker, () => ({ limit: 1, leaseMs: 60_000 }), () => undefined);
    await server.redis.set(`{${server.prefix}}:late`, 'text');
    await expect(store.log.append({ runId, at: 1, events: [aStepStarted()], enqueue: [aTicket(runId)] })).rejects.toMatchObject({ code: 'STATE_CORRUPT' });
    await server.redis.del(`{${server.prefix}}:late`);
    await store.flushOutbox();
    expect((await store.queue.ticketsOf(runId)).map(({ job }) => job)).toEqual(['main']);
    expect(await store.queue.counts()).toEqual({ held: 0, due: 1, later: 0 });
  });

  it('is nothing that a text from outside can cause', async () => {
    const { store, runId } = await storeWithRun([aRunStarted()]);
    const odd = 'a\u0000b \ud800 "\\ / . : {x} \u2028 \u{1f600}';
    await store.log.append({ runId, at: 1, events: [], claim: [{ group: odd, job: odd }], enqueue: [aTicket(runId, { job: odd })], waits: { open: [{ job: odd, step: odd, kind: 'signal', name: odd }], close: [] } });
    expect((await store.claims.of(runId)).map((claim) => claim.group)).toEqual([odd.toWellFormed()]);
    expect((await store.catalog.listWaits({ name: odd, limit: 9 })).map((wait) => wait.step)).toEqual([odd.toWellFormed()]);
    const worker = ids.workerId();
    await store.queue.join({ id: worker });
    const [lease] = await store.queue.take(worker, { limit: 1, leaseMs: 1_000 });
    expect(lease?.job).toBe(odd.toWellFormed());
  });
});

describe('a store that is closed', () => {
  it('finishes what was asked for, and takes nothing more', async () => {
    const { store, runId } = await storeWithRun([aRunStarted()]);
    const last = store.log.append({ runId, at: 1, events: [aStepStarted()], enqueue: [aTicket(runId)] });
    const closed = Promise.all([store.close(), store.close()]);
    expect(await last).toEqual({ ok: true, seq: 2 });
    await closed;
    await expect(store.log.read(runId, 0)).rejects.toMatchObject({ code: 'STATE_UNAVAILABLE' });
    await expect(store.queue.ensure([aTicket(runId)])).rejects.toMatchObject({ code: 'STATE_UNAVAILABLE' });
    const other = await server.open();
    expect(await other.queue.ticketsOf(runId)).toHaveLength(1);
  });
});

async function storeWithRun(events: readonly RunEventBody[]): Promise<{ store: RedisStore; runId: RunId }> {
  const store = await server.open();
  const runId = ids.runId();
  await store.log.create(aCreate(runId, { events }));
  return { store, runId };
}

/** While the connection is made again, calls may fail. */
async function eventually<T>(act: () => Promise<T>): Promise<T> {
  const patience = AbortSignal.timeout(10_000);
  for (;;) {
    try {
      return await act();
    } catch (thrown) {
      if (patience.aborted) throw thrown;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}
