import { toTicketId } from '@kb-labs/contracts';
import { aCreate, anEndedSummary, aRunFinished, aStepFinished, aTicket, countingIds } from '@kb-labs/testkit';
import { describe, expect, it } from 'vitest';

import { isCallOf, lostConnection } from './intercepted.fixture.js';
import { APPLY_ENTRIES } from './lua/apply-entries.js';
import { CREATE_RUN, TAKE_TICKETS } from './lua/in-one-call.js';
import { GRAB_TICKETS, OPEN_RUN } from './lua/run-scripts.js';
import { sharedServer } from './shared-server.fixture.js';

const server = sharedServer();
const ids = countingIds();

describe('opening runs', () => {
  it('opens one for each key of many requests at once, by several clients', async () => {
    const stores = [await server.open(), await server.open(), await server.open(), await server.open()] as const;
    const answers = await Promise.all(
      Array.from({ length: 500 }, (_, index) => {
        const key = `key-${String(index % 20)}`;
        const store = stores[Math.floor(index / 20) % stores.length] ?? stores[0];
        return store.log.create(aCreate(ids.runId(), { idempotency: { key, digest: key, keepUntil: 1e13 } }));
      }),
    );
    expect(answers.filter((answer) => answer.ok && !answer.repeated)).toHaveLength(20);
    expect(new Set(answers.map((answer) => (answer.ok ? answer.runId : 'refused'))).size).toBe(20);
    expect(await stores[0].catalog.listRuns({ limit: 100 })).toHaveLength(20);
    expect(await stores[0].catalog.countOpen()).toEqual({ queued: 20 });
  });

  it('never opens more than may be open, whoever asks at once', async () => {
    const stores = [await server.open(), await server.open()] as const;
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, index) => stores[index % 2 === 0 ? 0 : 1].log.create(aCreate(ids.runId(), { maxOpenRuns: 7 }))),
    );
    expect(answers.filter((answer) => answer.ok)).toHaveLength(7);
    expect(await stores[0].catalog.openRuns({ limit: 99 })).toHaveLength(7);
  });

  it.each([
    ['in one call', {}, [[CREATE_RUN, 'before'], [CREATE_RUN, 'after']]],
    ['in three', { keysApart: true }, [[OPEN_RUN, 'before'], [OPEN_RUN, 'after'], [APPLY_ENTRIES, 'before'], [APPLY_ENTRIES, 'after']]],
  ] as const)('does what it can be told was not done only when asked again: a connection that is lost in the middle opens one run (%s)', async (_, keys, places) => {
    const runId = ids.runId();
    const command = aCreate(runId, { idempotency: { key: 'k', digest: 'd', keepUntil: 1e13 } });
    for (const [lost, when] of places) {
      let broken = true;
      const store = await server.open({
        interceptor: {
          ...keys,
          [when]: (name: string, args: readonly (string | number)[]) => {
            if (broken && isCallOf(lost, name, args)) throw lostConnection();
          },
        },
      });
      await store.log.create(command).catch((error: unknown) => expect(error).toMatchObject({ code: 'STATE_UNAVAILABLE' }));
      broken = false;
    }
    const store = await server.open();
    expect(await store.log.create(command)).toEqual({ ok: true, runId, repeated: true });
    expect(await store.catalog.listRuns({ limit: 9 })).toHaveLength(1);
    expect(await store.log.read(runId, 0)).toHaveLength(1);
  });
});

describe('what lies in an outbox', () => {
  it('changes nothing when it is done again, in part or as a whole, also long afterwards', async () => {
    const calls: string[][] = [];
    const store = await server.open({
      sweepMs: 3_600_000,
      interceptor: { keysApart: true, before: (name, args) => void (isCallOf(APPLY_ENTRIES, name, args) && calls.push(args.slice(2).map(String))) },
    });
    const [runId, other] = [ids.runId(), ids.runId()];
    for (const each of [runId, other]) {
      await store.log.create(aCreate(each, { claim: [{ group: 'g', job: null }], enqueue: [aTicket(each), aTicket(each, { job: 'b' })] }));
      await store.log.append({
        runId: each,
        at: 1,
        events: [aStepFinished()],
        settle: [toTicketId(aTicket(each, { job: 'b' }))],
        enqueue: [aTicket(each, { job: 'c' })],
        claim: [{ group: 'h', job: 'c' }],
        waits: { open: [{ job: 'c', step: 's', kind: 'signal', name: 'go' }], close: [] },
      });
    }
    const worker = ids.workerId();
    await store.queue.join({ id: worker });
    await store.queue.take(worker, { limit: 1, leaseMs: 60_000 });
    const before = await installation();
    expect(calls).toHaveLength(4);
    for (const args of [...calls, ...calls.toReversed()]) await server.redis.evalsha(APPLY_ENTRIES.sha, 1, ...args);
    expect(await installation()).toEqual(before);
    await store.log.append({ runId, at: 2, events: [aRunFinished()], summary: anEndedSummary(runId) });
    const ended = await installation();
    for (const args of calls.slice(0, 2)) await server.redis.evalsha(APPLY_ENTRIES.sha, 1, ...args);
    expect(await installation()).toEqual(ended);
    expect(ended).not.toEqual(before);
  });
});

describe('a ticket that is queued', () => {
  it('is there once, however often an append names it, and anew when the same append was done with it', async () => {
    const store = await server.open();
    const [runId, worker] = [ids.runId(), ids.workerId()];
    await store.log.create(aCreate(runId, { enqueue: [aTicket(runId), aTicket(runId)] }));
    expect(await store.queue.counts()).toEqual({ held: 0, due: 1, later: 0 });
    await store.queue.join({ id: worker });
    const [lease] = await store.queue.take(worker, { limit: 2, leaseMs: 60_000 });
    if (lease === undefined) throw new Error('nothing was due');
    const next = aTicket(runId, { job: 'next' });
    await store.log.append({ runId, at: 1, fence: { ticket: lease.id, token: lease.token }, events: [], settle: [lease.id, lease.id], enqueue: [aTicket(runId), next, next] });
    expect((await store.queue.ticketsOf(runId)).map(({ job, lease: held }) => [job, held])).toEqual([['main', undefined], ['next', undefined]]);
    expect(await store.queue.counts()).toEqual({ held: 0, due: 2, later: 0 });
    expect(await store.queue.take(worker, { limit: 3, leaseMs: 60_000 })).toHaveLength(2);
  });
});

describe('a hand-out whose answer was lost', () => {
  it.each([
    ['in one call', TAKE_TICKETS, {}],
    ['in two', GRAB_TICKETS, { keysApart: true } as const],
  ])('does not keep its tickets from the same worker (%s)', async (_, last, keys) => {
    let broken = true;
    const store = await server.open({
      interceptor: {
        ...keys,
        after(name, args) {
          if (broken && isCallOf(last, name, args)) throw lostConnection();
        },
      },
    });
    const runId = ids.runId();
    await store.log.create(aCreate(runId, { enqueue: [aTicket(runId)] }));
    const worker = ids.workerId();
    await store.queue.join({ id: worker });
    const options = { limit: 1, leaseMs: 3_600_000 };
    await expect(store.queue.take(worker, options)).rejects.toMatchObject({ code: 'STATE_UNAVAILABLE' });
    broken = false;
    const [lease] = await store.queue.take(worker, options);
    expect(lease?.runId).toBe(runId);
    const fence = { ticket: toTicketId(aTicket(runId)), token: lease?.token ?? 0 };
    expect(await store.log.append({ runId, at: 1, fence: { ...fence, token: fence.token - 1 }, events: [] })).toEqual({ ok: false, refused: 'fenced' });
    expect(await store.log.append({ runId, at: 1, fence, events: [] })).toMatchObject({ ok: true });
  });
});

/** Every key of the installation with what it holds. */
async function installation(): Promise<Record<string, unknown>> {
  const keys = (await server.redis.keys(`{${server.prefix}}:*`)).sort();
  const entries = await Promise.all(keys.filter((key) => !key.endsWith(':sweeper')).map(async (key) => [key, await contentOf(key)] as const));
  return Object.fromEntries(entries);
}

async function contentOf(key: string): Promise<unknown> {
  switch (await server.redis.type(key)) {
    case 'hash':
      return await server.redis.hgetall(key);
    case 'zset':
      return await server.redis.zrange(key, '-inf', '+inf', 'BYSCORE', 'WITHSCORES');
    case 'set':
      return (await server.redis.smembers(key)).sort();
    default:
      return await server.redis.dump(key);
  }
}
