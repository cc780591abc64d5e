import assert from 'node:assert/strict';

import type { RunId } from '@kb-labs/contracts';
import type { NewTicket } from '@kb-labs/ports';

import { aTicket } from '../some-commands.js';
import { jobsOf, joinWorker, LEASE_MS, openRunIn, take, takeOne } from './store-steps.js';
import type { ConformanceCase, StorePorts, StoreUnderTest } from './suite.js';

/** What every `JobQueue` does about tenants that have more queued than others. */
export const SHARES_CASES: readonly ConformanceCase<StoreUnderTest>[] = [
  {
    name: 'shares what is handed out among tenants, whatever one of them has queued before',
    async run(store) {
      const [busy, other, third] = [await openRunIn(store, { tenant: 'busy' }), await openRunIn(store, { tenant: 'other' }), await openRunIn(store, { tenant: 'third' })];
      await queueJobs(store, busy, names('b', 40));
      await queueJobs(store, other, names('o', 3));
      await queueJobs(store, third, names('t', 12));
      const expected = ['b0', 'o0', 't0', 'b1', 'o1', 't1', 'b2', 'o2', 't2', ...names('', 9).flatMap((_, index) => [`b${String(index + 3)}`, `t${String(index + 3)}`]), 'b12', 'b13'];
      const worker = await joinWorker(store);
      assert.deepEqual(jobsOf(await take(store, worker, expected.length)), expected);
      assert.deepEqual(jobsOf(await take(store, await joinWorker(store, busy, other, third))), names('b', 40).slice(14));
    },
  },
  {
    name: 'gives the next ticket to the tenant that holds the fewest, then to the one whose ticket fell due first',
    async run(store) {
      const runs = { busy: await openRunIn(store, { tenant: 'busy' }), even: await openRunIn(store, { tenant: 'even' }), few: await openRunIn(store, { tenant: 'few' }) };
      const [one, two] = [await joinWorker(store), await joinWorker(await store.second(), ...Object.values(runs))];
      await queueJobs(store, runs.busy, ['b0', 'b1']);
      assert.deepEqual(jobsOf(await take(store, one)), ['b0', 'b1']);
      await queueJobs(store, runs.busy, ['b2', 'b3', 'b4']);
      await queueJobs(store, runs.even, ['later', 'last'], { notBefore: 2 });
      await queueJobs(store, runs.few, ['first', 'second'], { notBefore: 1 });
      assert.deepEqual(jobsOf(await take(store, two, 3)), ['first', 'later', 'second']);
      // They hold 2, 1 and 2.
      assert.deepEqual(jobsOf(await take(store, one, 3)), ['last', 'b2', 'b3']);
    },
  },
  {
    name: 'looks at priorities before it looks at shares',
    async run(store) {
      const [busy, other] = [await openRunIn(store, { tenant: 'busy' }), await openRunIn(store, { tenant: 'other' })];
      await queueJobs(store, busy, names('low', 2), { priority: 'low' });
      await queueJobs(store, busy, names('high', 2), { priority: 'high' });
      await queueJobs(store, busy, names('b', 2));
      await queueJobs(store, other, names('o', 2));
      await queueJobs(store, other, ['o-low'], { priority: 'low' });
      const worker = await joinWorker(store);
      assert.deepEqual(jobsOf(await take(store, worker)), ['high0', 'high1', 'o0', 'o1', 'b0', 'b1', 'o-low', 'low0', 'low1']);
    },
  },
  {
    name: 'counts what a live worker holds, and not what was held by one that has left, was given back or is done with',
    async run(store) {
      const [busy, other] = [await openRunIn(store, { tenant: 'busy' }), await openRunIn(store, { tenant: 'other' })];
      const [gone, live] = [await joinWorker(store), await joinWorker(store)];
      await queueJobs(store, busy, ['b0', 'b1']);
      assert.deepEqual(jobsOf(await take(store, gone)), ['b0', 'b1']);
      await queueJobs(store, busy, ['b2', 'b3', 'b4']);
      const [, back, done] = await take(store, live);
      assert.deepEqual([back?.job, done?.job], ['b3', 'b4']);
      await queueJobs(store, other, names('o', 3));
      await store.queue.leave(gone);
      if (back !== undefined) await store.queue.release([back]);
      if (done !== undefined) await store.queue.discard([done]);
      // One holds one, the other none.
      assert.deepEqual(jobsOf(await take(store, live)), ['o0', 'b0', 'o1', 'b1', 'o2', 'b3']);
    },
  },
  {
    name: 'neither counts a ticket that can be taken over against itself, nor its new lease beside the old one',
    async run(store) {
      const [busy, other] = [await openRunIn(store, { tenant: 'busy' }), await openRunIn(store, { tenant: 'other' })];
      await queueJobs(store, busy, ['b0']);
      const stalled = await joinWorker(store);
      await takeOne(store, stalled);
      await store.clock.advance(LEASE_MS);
      await queueJobs(store, busy, ['b1', 'b2']);
      await queueJobs(store, other, ['o0', 'o1', 'o2']);
      // The stalled worker lives, so one of them holds one before and after it is taken over.
      assert.deepEqual(jobsOf(await take(store, await joinWorker(store), 5)), ['b0', 'o0', 'b1', 'o1', 'b2']);
    },
  },
  {
    name: 'keeps the order of a tenant that is alone, what can be taken over included',
    async run(store) {
      const runId = await openRunIn(store, { tenant: 'alone' });
      await queueJobs(store, runId, ['held'], { notBefore: 5 });
      const stalled = await joinWorker(store);
      await takeOne(store, stalled);
      await queueJobs(store, runId, ['later'], { notBefore: 6 });
      await queueJobs(store, runId, ['sooner'], { notBefore: 4 });
      await store.clock.advance(LEASE_MS);
      assert.deepEqual(jobsOf(await take(store, await joinWorker(store))), ['sooner', 'held', 'later']);
    },
  },
];

function names(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${String(index)}`);
}

async function queueJobs(store: StorePorts, runId: RunId, jobs: readonly string[], how: Partial<Pick<NewTicket, 'notBefore' | 'priority'>> = {}): Promise<void> {
  await store.queue.ensure(jobs.map((job) => aTicket(runId, { job, ...how })));
}
