import type { RunId } from '@kb-labs/contracts';
import { aCreate, aTicket, countingIds, fakeClock, type FakeClock } from '@kb-labs/testkit';
import { describe, expect, it } from 'vitest';

import type { RedisStore } from './index.js';
import { sharedServer } from './shared-server.fixture.js';

const server = sharedServer();
const ids = countingIds();
const LEASE_MS = 60_000;
const PRESENCE_MS = 10_000;

interface Pair {
  readonly runId: RunId;
  /** The store of the worker, and of somebody else. Each has a clock: one that stands still belongs to a process that does. */
  readonly mine: RedisStore;
  readonly other: RedisStore;
  readonly myClock: FakeClock;
  readonly otherClock: FakeClock;
}

describe('a worker', () => {
  it('that falls silent counts as gone, and keeps what it holds until its leases run out', async () => {
    const { runId, mine, other, otherClock } = await aPair();
    const worker = ids.workerId();
    await mine.queue.join({ id: worker, scope: [runId] });
    expect(await mine.queue.take(worker, { limit: 1, leaseMs: LEASE_MS })).toHaveLength(1);
    expect(await other.queue.served([runId])).toEqual(new Set([runId]));

    await otherClock.advance(PRESENCE_MS);
    expect(await isAlive(other, runId)).toBe(false);
    expect(await other.queue.served([runId])).toEqual(new Set());
    const next = ids.workerId();
    await other.queue.join({ id: next });
    expect(await other.queue.take(next, { limit: 9, leaseMs: LEASE_MS })).toEqual([]);
    expect(await other.queue.nextDue(next)).toBe(otherClock.now() - PRESENCE_MS + LEASE_MS);

    await otherClock.advance(LEASE_MS - PRESENCE_MS);
    await other.queue.ensure([aTicket(runId, { job: 'sooner', priority: 'high' })]);
    const taken = await other.queue.take(next, { limit: 9, leaseMs: LEASE_MS, caps: { total: 1 } });
    expect(taken.map((lease) => lease.job)).toEqual(['sooner']);
    expect(await other.queue.counts()).toEqual({ held: 2, due: 0, later: 0 });
  });

  it('that is heard of again goes on as if nothing had been', async () => {
    const { runId, mine, other, myClock, otherClock } = await aPair();
    const worker = ids.workerId();
    await mine.queue.join({ id: worker, scope: [runId] });
    const leases = await mine.queue.take(worker, { limit: 1, leaseMs: LEASE_MS });
    const next = ids.workerId();
    await other.queue.join({ id: next });
    await otherClock.advance(LEASE_MS);
    expect(await other.queue.take(next, { limit: 9, leaseMs: LEASE_MS, caps: { total: 0 } })).toEqual([]);
    expect(await isAlive(other, runId)).toBe(false);

    await myClock.advance(LEASE_MS);
    expect(await mine.queue.renew(leases, LEASE_MS)).toHaveLength(1);
    expect(await isAlive(other, runId)).toBe(true);
    expect(await other.queue.take(next, { limit: 9, leaseMs: LEASE_MS })).toEqual([]);
  });

  it('is heard of while its process lives, without being asked', async () => {
    const { runId, mine, other, myClock, otherClock } = await aPair();
    const worker = ids.workerId();
    await mine.queue.join({ id: worker, scope: [runId] });
    await mine.queue.take(worker, { limit: 1, leaseMs: LEASE_MS });
    for (let second = 0; second < 30; second += 1) await myClock.advance(1_000);
    await mine.queue.counts();
    await otherClock.advance(30_000);
    expect(await isAlive(other, runId)).toBe(true);
    await mine.queue.leave(worker);
    expect(await isAlive(other, runId)).toBe(false);
    expect(myClock.timers).toBe(1);
  });

  it('hears within a third of the time after which others count as silent that they have joined, and that they are gone', async () => {
    const { mine, other, myClock, otherClock } = await aPair();
    const [worker, next] = [ids.workerId(), ids.workerId()];
    expect(mine.handOver.isShared()).toBe(true);
    await mine.queue.join({ id: worker });
    expect(mine.handOver.isShared()).toBe(false);
    await mine.queue.join({ id: ids.workerId() });
    expect(mine.handOver.isShared()).toBe(false);
    await other.queue.join({ id: next });
    expect(other.handOver.isShared()).toBe(true);
    const beat = async (): Promise<boolean> => {
      await Promise.all([myClock, otherClock].map((clock) => clock.advance(PRESENCE_MS / 3)));
      await mine.queue.counts();
      return mine.handOver.isShared();
    };
    expect(await beat()).toBe(true);
    await other.queue.leave(next);
    expect(await beat()).toBe(false);
  });

  it('that was forgotten becomes known again by being heard of', async () => {
    const { runId, mine, other, myClock, otherClock } = await aPair();
    const worker = ids.workerId();
    await mine.queue.join({ id: worker, scope: [runId] });
    const next = ids.workerId();
    await other.queue.join({ id: next });
    await otherClock.advance(PRESENCE_MS);
    expect(await other.queue.take(next, { limit: 1, leaseMs: 1 })).toHaveLength(1);
    await otherClock.advance(700_000);
    await other.queue.join({ id: ids.workerId() });
    expect(await mine.queue.nextDue(worker)).toBeUndefined();
    await myClock.advance(PRESENCE_MS / 2);
    await mine.queue.counts();
    expect(await mine.queue.nextDue(worker)).toBeDefined();
  });
});

async function aPair(): Promise<Pair> {
  const [myClock, otherClock] = [fakeClock(), fakeClock()];
  const options = { presenceMs: PRESENCE_MS, sweepMs: 3_600_000 };
  const [mine, other] = [await server.open({ ...options, clock: myClock }), await server.open({ ...options, clock: otherClock })];
  const runId = ids.runId();
  await mine.log.create(aCreate(runId, { enqueue: [aTicket(runId)] }));
  return { runId, mine, other, myClock, otherClock };
}

async function isAlive(store: RedisStore, runId: RunId): Promise<boolean | undefined> {
  return (await store.queue.ticketsOf(runId)).find((ticket) => ticket.job === 'main')?.lease?.alive;
}
