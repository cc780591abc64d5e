import { type RunId, toTicketId, type WorkerId } from '@kb-labs/contracts';
import type { Begin, Lease, RunChange } from '@kb-labs/ports';
import { aCreate, aJobStarted, aStepFinished, aStepStarted, aSummary, aTicket, countingIds } from '@kb-labs/testkit';
import { describe, expect, it, vi } from 'vitest';

import type { RedisStore } from './index.js';
import { isCallOf, lostConnection } from './intercepted.fixture.js';
import { CREATE_AND_BEGIN } from './lua/in-one-call.js';
import { ACKNOWLEDGE } from './lua/run-scripts.js';
import { sharedServer } from './shared-server.fixture.js';
import { StandingBy } from './standing-by.js';

const server = sharedServer();
const ids = countingIds();
const LEASE_MS = 60_000;

async function standingBy(store: RedisStore, places: number): Promise<{ worker: WorkerId; handed: Lease[] }> {
  const [worker, handed] = [ids.workerId(), [] as Lease[]];
  await store.queue.join({ id: worker });
  store.queue.standBy?.(worker, () => ({ limit: places - handed.length, leaseMs: LEASE_MS }), (leases) => handed.push(...leases));
  return { worker, handed };
}

function beginOf(runId: RunId, worker: WorkerId, begun: Lease[]): Begin {
  return {
    ticket: toTicketId(aTicket(runId)),
    worker,
    append: { runId, at: 1, expected: 1, events: [aJobStarted({ worker }), aStepStarted()], summary: aSummary(runId, { status: 'running', startedAt: 1 }) },
    begun: (lease) => begun.push(lease),
  };
}

const create = (store: RedisStore, runId: RunId, begin?: Begin) => store.log.create(aCreate(runId, { enqueue: [aTicket(runId)] }), begin);

describe('a worker that stands by', () => {
  it('has its first step in one call with the creation of the run, and the next job in one call with the end of the one before', async () => {
    let calls = 0;
    const store = await server.open({ sweepMs: 3_600_000, interceptor: { before: (name, args) => void (isCallOf(ACKNOWLEDGE, name, args) || (calls += 1)) } });
    const [{ worker, handed }, begun] = [await standingBy(store, 9), [] as Lease[]];
    const cycle = async (): Promise<void> => {
      const runId = ids.runId();
      await create(store, runId, beginOf(runId, worker, begun));
      const [lease] = begun.splice(0);
      if (lease === undefined) throw new Error('it was not begun');
      await store.log.append({ runId, at: 2, fence: { ticket: lease.id, token: lease.token }, events: [aStepFinished()], settle: [lease.id], enqueue: [aTicket(runId, { job: 'next' })] });
    };
    // The first time, the server has to be taught the scripts.
    await cycle();
    calls = 0;
    await cycle();
    expect([calls, handed.map(({ job }) => job)]).toEqual([2, ['next', 'next']]);
  });

  it('tells watchers of a run once that it was created and begun, or that it was created', async () => {
    const store = await server.open();
    const { worker } = await standingBy(store, 9);
    // What was prepared for another worker is not begun.
    for (const [decided, prepared] of [[3, worker], [1, ids.workerId()]] as const) {
      const [runId, told, begun] = [ids.runId(), [] as (RunChange | undefined)[], [] as Lease[]];
      await new Promise<void>((resolve) => {
        store.log.watch(runId, (change) => {
          if (change === undefined) resolve();
          else told.push(change);
        });
      });
      await create(store, runId, beginOf(runId, prepared, begun));
      await store.log.append({ runId, at: 2, events: [aStepFinished()] });
      await vi.waitUntil(() => told.length > 1);
      expect([told, begun.length]).toEqual([Array(2).fill({ decided, ended: false }), decided === 3 ? 1 : 0]);
    }
  });

  it('is handed no more than it has places for, however many calls are on their way at once', async () => {
    const store = await server.open();
    const [{ worker, handed }, begun] = [await standingBy(store, 3), [] as Lease[]];
    const runs = Array.from({ length: 8 }, () => ids.runId());
    const creating = runs.map((runId, index) => create(store, runId, index % 2 === 0 ? beginOf(runId, worker, begun) : undefined));
    // Asked for while its places are promised.
    const taken = await store.queue.take(worker, { limit: 3, leaseMs: LEASE_MS });
    await Promise.all(creating);
    expect([handed.length + begun.length, taken]).toEqual([3, []]);
    expect(await store.queue.counts()).toMatchObject({ held: 3, due: 5 });
  });

  it('gets back what it was handed when the answer was lost', async () => {
    let lost = false;
    const store = await server.open({
      interceptor: {
        after: (name, args) => {
          if (lost || !isCallOf(CREATE_AND_BEGIN, name, args)) return;
          lost = true;
          throw lostConnection();
        },
      },
    });
    const [{ worker, handed }, begun, runId] = [await standingBy(store, 1), [] as Lease[], ids.runId()];
    await expect(create(store, runId, beginOf(runId, worker, begun))).rejects.toMatchObject({ code: 'STATE_UNAVAILABLE' });
    expect([begun, handed]).toEqual([[], []]);
    expect((await store.log.read(runId, 0)).map(({ type }) => type)).toEqual(['run.started', 'job.started', 'step.started']);
    const [lease] = await store.queue.take(worker, { limit: 1, leaseMs: LEASE_MS });
    expect(lease?.runId).toBe(runId);
  });

  it('is not there where keys are kept apart: workers take', async () => {
    const store = await server.open({ interceptor: { keysApart: true } });
    expect(store.queue.standBy).toBeUndefined();
    const [begun, runId] = [[] as Lease[], ids.runId()];
    await create(store, runId, beginOf(runId, ids.workerId(), begun));
    expect([begun, (await store.log.read(runId, 0)).length]).toEqual([[], 1]);
  });
});

it('places that were promised are promised to nobody else until the call is over', () => {
  const [standing, worker, handed] = [new StandingBy(), ids.workerId(), [] as Lease[]];
  standing.add({ worker, places: () => ({ limit: 3, leaseMs: LEASE_MS }), onLeases: (leases) => handed.push(...leases) });
  const [one, two, none] = [standing.promise(2), standing.promise(2), standing.promise(1)];
  expect([one?.options.limit, two?.options.limit, none, standing.left(worker, 3)]).toEqual([2, 1, undefined, 0]);
  one?.over();
  expect([standing.left(worker, 3), standing.promise(9)?.options.limit, handed]).toEqual([2, 2, []]);
});
