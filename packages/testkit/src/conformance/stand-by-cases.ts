import assert from 'node:assert/strict';

import type { RunId } from '@kb-labs/contracts';
import type { Lease } from '@kb-labs/ports';

import { aCreate, aSummary, aTicket } from '../some-commands.js';
import { aStepStarted } from '../some-events.js';
import { soon } from './expectations.js';
import { fenceOf, freshRunId, freshWorkerId, jobsOf, joinWorker, LEASE_MS, openRun, take } from './store-steps.js';
import type { ConformanceCase, StoreUnderTest } from './suite.js';

/** What a `JobQueue` does for workers that stand by. One that leaves that out has nothing to do. */
export const STAND_BY_CASES: readonly ConformanceCase<StoreUnderTest>[] = [
  {
    name: 'hands out what is queued to who stands by with places for it, in the same write and as take would',
    async run(store) {
      if (store.queue.standBy === undefined) return;
      const runId = await openRun(store);
      const [worker, stranger] = [await joinWorker(store, runId), freshWorkerId()];
      let places = 0;
      const handed: Lease[] = [];
      const standDown = store.queue.standBy(worker, () => (places === 0 ? undefined : { limit: places, leaseMs: LEASE_MS }), (leases) => handed.push(...leases));
      store.queue.standBy(stranger, () => ({ limit: 9, leaseMs: LEASE_MS }), () => assert.fail('it has not joined'));
      await store.queue.ensure([aTicket(runId, { job: 'waits' })]);
      assert.deepEqual(jobsOf(handed), []);
      places = 2;
      const result = await store.log.append({ runId, at: 1, events: [], enqueue: ['a', 'b'].map((job) => aTicket(runId, { job, ...(job === 'b' ? { priority: 'high' as const } : {}) })) });
      assert.equal(result.ok, true);
      assert.deepEqual(jobsOf(handed), ['b', 'waits']);
      assert.deepEqual((await store.queue.ticketsOf(runId)).map((ticket) => ticket.lease?.token), [handed[1]?.token, undefined, handed[0]?.token]);
      for (const lease of handed.splice(0)) {
        assert.equal((await store.log.append({ runId, at: 1, events: [aStepStarted()], fence: fenceOf(lease), settle: [lease.id] })).ok, true);
      }
      await store.queue.ensure([aTicket(runId, { job: 'later', notBefore: store.clock.now() + 1 })]);
      assert.deepEqual(jobsOf(handed.splice(0)), ['a']);
      const claiming = freshRunId();
      await store.log.create(aCreate(claiming, { summary: aSummary(claiming, { root: runId }), enqueue: [aTicket(claiming)], claim: [{ group: 'one', job: null }] }));
      assert.deepEqual(handed.splice(0), []);
      assert.deepEqual((await take(store, worker)).map((lease) => lease.runId), [claiming]);
      standDown();
      await store.queue.ensure([aTicket(runId, { job: 'last' })]);
      assert.deepEqual(jobsOf(handed), []);
      assert.deepEqual(jobsOf(await take(store, worker)), ['last']);
    },
  },
  {
    name: 'does not tell watchers of tickets that were handed out as they were queued, and tells them of the others',
    async run(store) {
      if (store.queue.standBy === undefined) return;
      const runId = await openRun(store);
      const worker = await joinWorker(store, runId);
      let handed = 0;
      let calls = 0;
      const standDown = store.queue.standBy(worker, () => ({ limit: 1, leaseMs: LEASE_MS }), (leases) => (handed += leases.length));
      const end = store.queue.onReady(() => (calls += 1));
      await hearAll(store, runId);
      calls = 0;
      await store.queue.ensure([aTicket(runId, { job: 'a' })]);
      assert.deepEqual([handed, calls], [1, 0]);
      await store.queue.ensure([aTicket(runId, { job: 'later', notBefore: store.clock.now() + 5_000 })]);
      await soon(store, () => calls > 0, 'a word about the later one');
      assert.deepEqual([handed, calls], [1, 1]);
      await store.queue.ensure(['b', 'c'].map((job) => aTicket(runId, { job })));
      await soon(store, () => calls > 1, 'a word about the one that is left');
      assert.deepEqual([handed, calls], [2, 2]);
      standDown();
      end();
    },
  },
];

/** Resolves when everything that was told before has come: what is told of a run comes behind it. */
async function hearAll(store: StoreUnderTest, runId: RunId): Promise<void> {
  let heard = false;
  const end = store.log.watch(runId, (change) => (heard ||= change !== undefined && change.decided > 1));
  for (let expected = 1; !heard; expected += 1) {
    // It may not listen yet when the first is told of.
    assert.deepEqual(await store.log.append({ runId, at: 1, expected, events: [aStepStarted()] }), { ok: true, seq: expected + 1 });
    await soon({ patienceMs: 50 }, () => heard, 'a change of the run is told').catch(() => undefined);
    assert.ok(expected < 100, 'no change of the run was told');
  }
  end();
}
