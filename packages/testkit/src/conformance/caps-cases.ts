import assert from 'node:assert/strict';

import type { Lease, TakeOptions } from '@kb-labs/ports';

import { aTicket } from '../some-commands.js';
import { aStepFinished } from '../some-events.js';
import { eventually } from './expectations.js';
import { fenceOf, holdJob, jobsOf, joinWorker, LEASE_MS, openRunIn, openRunWith, takeOne } from './store-steps.js';
import type { ConformanceCase, StorePorts, StoreUnderTest } from './suite.js';

/** What every `JobQueue` does about how many tickets may be held at once. */
export const CAPS_CASES: readonly ConformanceCase<StoreUnderTest>[] = [
  {
    name: 'hands out no more than may be held at once, by all workers and in all runs',
    async run(store) {
      const [one, two] = [await openRunWith(store, 'a', 'b'), await openRunWith(store, 'c', 'd')];
      const [scoped, general] = [await joinWorker(store, one), await joinWorker(await store.second())];
      const first = await takeUnder(store, scoped, { total: 1 });
      assert.deepEqual(jobsOf(first), ['a']);
      assert.deepEqual(jobsOf(await takeUnder(store, general, { total: 3 })), ['b', 'c']);
      assert.deepEqual(jobsOf(await takeUnder(store, general, { total: 3 })), []);
      await store.queue.release(first);
      assert.deepEqual(jobsOf(await takeUnder(store, general, { total: 3 })), ['a']);
      assert.deepEqual(jobsOf(await takeUnder(store, await joinWorker(store, two), {})), ['d']);
    },
  },
  {
    name: 'hands out no more than a tenant may hold at once, and looks past a full tenant for the tickets of others',
    async run(store) {
      const [mine, other, late] = [
        await openRunIn(store, { tenant: 'mine' }),
        await openRunIn(store, { tenant: 'other' }),
        await openRunIn(store, { tenant: 'mine' }),
      ];
      const names = (prefix: string, count: number): string[] => Array.from({ length: count }, (_, index) => `${prefix}${String(index)}`);
      await store.queue.ensure(names('m', 300).map((job) => aTicket(mine, { job })));
      await store.queue.ensure(names('o', 2).map((job) => aTicket(other, { job })));
      await store.queue.ensure([aTicket(late, { job: 'late', priority: 'high' })]);
      const general = await joinWorker(store);
      assert.deepEqual(jobsOf(await takeUnder(store, general, { perTenant: 1 }, 2)), ['late', 'o0']);
      const scoped = await joinWorker(store, mine, other);
      assert.deepEqual(jobsOf(await takeUnder(store, scoped, { perTenant: 2 })), ['m0', 'o1']);
      assert.deepEqual(jobsOf(await takeUnder(store, scoped, { perTenant: 3, total: 5 })), ['m1']);
    },
  },
  {
    name: 'keeps a tenant to its own cap, above or below that of the others',
    async run(store) {
      const runs = [];
      for (const tenant of ['small', 'large', 'other']) runs.push(await openRunIn(store, { tenant }));
      for (const [index, runId] of runs.entries()) {
        await store.queue.ensure(['a', 'b', 'c'].map((job) => aTicket(runId, { job: `${job}${String(index)}` })));
      }
      const worker = await joinWorker(store);
      const jobs = async (caps: NonNullable<TakeOptions['caps']>): Promise<string[]> => jobsOf(await takeUnder(store, worker, caps)).toSorted();
      assert.deepEqual(await jobs({ perTenant: 2, ofTenant: { small: 1, large: 3 } }), ['a0', 'a1', 'a2', 'b1', 'b2', 'c1']);
      assert.deepEqual(await jobs({ perTenant: 2, ofTenant: { small: 1, large: 3 } }), []);
      assert.deepEqual(await jobs({ ofTenant: { small: 2 } }), ['b0', 'c2']);
    },
  },
  {
    name: 'counts neither what a worker held that has left nor what was given back, discarded or settled',
    async run(store) {
      const { runId, worker, lease } = await holdJob(store, 'a');
      await store.queue.ensure([aTicket(runId, { job: 'b' }), aTicket(runId, { job: 'sooner', priority: 'high' })]);
      const next = await joinWorker(store, runId);
      const caps = { total: 1, perTenant: 1 };
      assert.deepEqual(await takeUnder(store, next, caps), []);
      await store.queue.leave(worker);
      const sooner = await takeUnder(store, next, caps);
      assert.deepEqual(jobsOf(sooner), ['sooner']);
      await store.queue.discard(sooner);
      const [again] = await takeUnder(store, next, caps);
      assert.equal(again?.id, lease.id);
      await store.log.append({ runId, at: 1, fence: fenceOf(again), events: [aStepFinished()], settle: [again.id] });
      const given = await takeUnder(store, next, caps);
      assert.deepEqual(jobsOf(given), ['b']);
      await store.queue.release(given);
      assert.deepEqual(jobsOf(await takeUnder(store, next, caps)), ['b']);
    },
  },
  {
    name: 'counts a lease that ran out as long as its worker lives, and lets its ticket be taken over all the same',
    async run(store) {
      const { runId, lease } = await holdJob(store, 'a');
      await store.queue.ensure([aTicket(runId, { job: 'sooner', priority: 'high' })]);
      await store.clock.advance(LEASE_MS);
      const next = await joinWorker(store, runId);
      const caps = { total: 1, perTenant: 1 };
      assert.deepEqual((await takeUnder(store, next, caps)).map((taken) => taken.id), [lease.id]);
      assert.deepEqual(await takeUnder(store, next, caps), []);
    },
  },
  {
    name: 'compares tenants by tickets that there is room for',
    async run(store) {
      const [full, other] = [await openRunIn(store, { tenant: 'full' }), await openRunIn(store, { tenant: 'other' })];
      await store.queue.ensure([aTicket(full, { job: 'held', notBefore: 2 })]);
      await takeOne(store, await joinWorker(store));
      await store.queue.ensure([aTicket(full, { job: 'no-room', notBefore: 1 }), aTicket(other, { job: 'later', notBefore: 3 })]);
      await store.clock.advance(LEASE_MS);
      // What can be taken over is not counted itself: both tenants hold none. The ticket without room would hold one.
      assert.deepEqual(jobsOf(await takeUnder(store, await joinWorker(store), { perTenant: 1 }, 1)), ['held']);
    },
  },
  {
    name: 'tells watchers when a held ticket is done with, by either process',
    async run(store) {
      const other = await store.second();
      const { runId, worker, lease } = await holdJob(store, 'a');
      await store.queue.ensure([aTicket(runId, { job: 'b' })]);
      const second = await takeOne(store, worker);
      let calls = 0;
      const end = store.queue.onReady(() => (calls += 1));
      const settled = { runId, at: 1, events: [aStepFinished()], settle: [lease.id] };
      for (const act of [() => store.log.append(settled), () => other.queue.discard([second])]) {
        await store.clock.advance(1_000);
        const before = calls;
        await act();
        await eventually(store, () => calls > before, 'the watcher is told');
      }
      end();
    },
  },
];

function takeUnder(store: StorePorts, worker: Lease['worker'], caps: NonNullable<TakeOptions['caps']>, limit = 100): Promise<Lease[]> {
  return store.queue.take(worker, { limit, leaseMs: LEASE_MS, caps });
}
