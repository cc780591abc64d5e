import { toTicketId } from '@kb-labs/contracts';
import { aCreate, anEndedSummary, aRunFinished, aSummary, aTicket, countingIds } from '@kb-labs/testkit';
import { describe, expect, it } from 'vitest';

import { isCallOf, lostConnection } from './intercepted.fixture.js';
import { ACKNOWLEDGE } from './lua/run-scripts.js';
import { runChild } from './run-child.fixture.js';
import { sharedServer } from './shared-server.fixture.js';

const server = sharedServer();
const ids = countingIds();

describe('a process that is killed between two steps', () => {
  it('leaves an append whole in the journal, and the rest of it to whoever looks', async () => {
    const store = await server.open({ sweepMs: 3_600_000 });
    const runId = ids.runId();
    await store.log.create(aCreate(runId));
    expect(await die('append', runId)).toBe('SIGKILL');

    expect(await store.log.read(runId, 1)).toHaveLength(1);
    expect(await store.queue.ticketsOf(runId)).toEqual([]);
    await store.flushOutbox();
    const ticket = aTicket(runId);
    expect(await store.queue.ticketsOf(runId)).toEqual([{ ...ticket, id: toTicketId(ticket) }]);
    expect((await store.claims.of(runId)).map((claim) => claim.group)).toEqual(['g']);
    await waitUntil(async () => (await waiting(runId)) === 0);
    await store.flushOutbox();
    expect(await store.queue.ticketsOf(runId)).toHaveLength(1);
  });

  it('leaves it to the next append of the same run as well', async () => {
    const store = await server.open({ sweepMs: 3_600_000 });
    const runId = ids.runId();
    await store.log.create(aCreate(runId));
    await die('append', runId);
    await store.log.append({ runId, at: 6, events: [], enqueue: [aTicket(runId, { job: 'next' })] });
    expect((await store.queue.ticketsOf(runId)).map((ticket) => ticket.job)).toEqual(['main', 'next']);
  });

  it('leaves it to one that only changes the status, too', async () => {
    const store = await server.open({ sweepMs: 3_600_000 });
    const runId = ids.runId();
    await store.log.create(aCreate(runId));
    await die('append', runId);
    await store.log.append({ runId, at: 6, events: [], summary: aSummary(runId, { status: 'running' }) });
    expect((await store.queue.ticketsOf(runId)).map((ticket) => ticket.job)).toEqual(['main']);
    expect((await store.catalog.listRuns({ status: 'running', limit: 9 })).map((run) => run.id)).toEqual([runId]);
  });

  it('leaves nothing in the outbox of a run that others end, when it did its part and died before it took it out', async () => {
    const before = (name: string, args: readonly (string | number)[]): void => {
      if (isCallOf(ACKNOWLEDGE, name, args)) throw lostConnection();
    };
    const lost = await server.open({ sweepMs: 3_600_000, interceptor: { keysApart: true, before } });
    const store = await server.open({ sweepMs: 3_600_000 });
    const runId = ids.runId();
    await lost.log.create(aCreate(runId));
    expect(await waiting(runId)).toBe(1);
    await store.log.append({ runId, at: 2, events: [aRunFinished()], summary: anEndedSummary(runId) });
    expect(await waiting(runId)).toBe(0);
    expect(await store.catalog.countOpen()).toEqual({});
  });

  it('is made good by another process within moments, without being asked', async () => {
    const runId = ids.runId();
    const store = await server.open({ sweepMs: 20 });
    await store.log.create(aCreate(runId));
    await die('end', runId, { sweepMs: 20 });
    await waitUntil(async () => (await store.catalog.openRuns({ limit: 9 })).length === 0);
    expect((await store.catalog.listRuns({ status: 'success', limit: 9 })).map((run) => run.id)).toEqual([runId]);
    expect(await store.catalog.countOpen()).toEqual({});
  });

  it('is noticed to have left something undone: without the outbox nothing is made good', async () => {
    const store = await server.open({ sweepMs: 3_600_000 });
    const runId = ids.runId();
    await store.log.create(aCreate(runId));
    await die('append', runId);
    expect(await waiting(runId)).toBe(1);
    await server.redis.del(`${server.prefix}:{${runId}}:outbox`);
    await store.flushOutbox();
    expect(await store.queue.ticketsOf(runId)).toEqual([]);
    await expect(store.log.append({ runId, at: 6, events: [], enqueue: [aTicket(runId)] })).rejects.toMatchObject({ code: 'STATE_CORRUPT' });
  });

  it('has opened its run once for its key, whoever finishes it and however often', async () => {
    for (const last of ['create', 'enter']) {
      const store = await server.open({ sweepMs: 3_600_000, prefix: `${server.prefix}-${last}` });
      const other = await server.open({ sweepMs: 3_600_000, prefix: `${server.prefix}-${last}` });
      const runId = ids.runId();
      expect(await die(last, runId, { prefix: `${server.prefix}-${last}` })).toBe('SIGKILL');
      expect(await store.catalog.listRuns({ limit: 9 })).toEqual([]);

      const again = (): Parameters<typeof store.log.create>[0] => aCreate(ids.runId(), { idempotency: { key: 'k', digest: 'd', keepUntil: 1e13 } });
      const answers = await Promise.all([store.log.create(again()), other.log.create(again()), other.flushOutbox(), store.log.create(again())]);
      expect(answers.filter((answer) => answer !== undefined)).toEqual(Array(3).fill({ ok: true, runId, repeated: true }));
      expect((await store.catalog.listRuns({ limit: 9 })).map((run) => run.id)).toEqual([runId]);
      expect(await store.log.read(runId, 0)).toHaveLength(1);
      expect(await store.queue.ticketsOf(runId)).toHaveLength(1);
      expect(await server.redis.zcard(`{${server.prefix}-${last}}:reserved`)).toBe(0);
    }
  });

  it('holds what it took and never heard of no longer than its lease', async () => {
    const store = await server.open();
    const runId = ids.runId();
    await store.log.create(aCreate(runId, { enqueue: [aTicket(runId)] }));
    await die('take', runId);
    const [ticket] = await store.queue.ticketsOf(runId);
    expect(ticket?.lease?.worker).toBe(`wrk_${'0'.repeat(26)}`);
    const worker = ids.workerId();
    await store.queue.join({ id: worker });
    await waitUntil(async () => (await store.queue.take(worker, { limit: 1, leaseMs: 60_000 })).length === 1);
    expect((await store.queue.ticketsOf(runId))[0]?.lease?.token).toBeGreaterThan(ticket?.lease?.token ?? Number.POSITIVE_INFINITY);
  });
});

async function die(what: string, runId: string, { prefix = server.prefix, sweepMs = 3_600_000 } = {}): Promise<string | null> {
  const { signal } = await runChild(what, server.url, prefix, runId, String(sweepMs));
  return signal;
}

function waiting(runId: string): Promise<number> {
  return server.redis.llen(`${server.prefix}:{${runId}}:outbox`);
}

async function waitUntil(holds: () => Promise<boolean>): Promise<void> {
  const patience = AbortSignal.timeout(10_000);
  while (!(await holds())) {
    if (patience.aborted) throw new Error('did not happen');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
