import assert from 'node:assert/strict';

import { type RunId, toTicketId, type WorkerId } from '@kb-labs/contracts';
import type { Begin, Lease } from '@kb-labs/ports';

import { aCreate, aSummary, aTicket } from '../some-commands.js';
import { aJobStarted, aStepFinished, aStepStarted } from '../some-events.js';
import { fenceOf, freshRunId, joinWorker, LEASE_MS, openRun, take } from './store-steps.js';
import type { ConformanceCase, StorePorts, StoreUnderTest } from './suite.js';

/** What a store does with a job that is prepared for the write that creates its run. One whose queue lets nobody stand by has nothing to do. */
export const BEGIN_CASES: readonly ConformanceCase<StoreUnderTest>[] = [
  {
    name: 'begins the first job of a run in the write that creates it, under the lease of who stands by',
    async run(store) {
      const root = await openRun(store);
      const worker = await joinWorker(store, root);
      const handed: Lease[] = [];
      if (store.queue.standBy?.(worker, () => ({ limit: 1, leaseMs: LEASE_MS }), (leases) => handed.push(...leases)) === undefined) return;
      const [runId, changes] = [freshRunId(), [] as unknown[]];
      store.log.watch(runId, (change) => changes.push(change));
      const begun = await createPrepared(store, { runId, root, worker });
      assert.deepEqual([begun.length, handed], [1, []]);
      const [lease] = begun as [Lease];
      assert.deepEqual([lease.worker, lease.id, lease.until], [worker, toTicketId(aTicket(runId)), store.clock.now() + LEASE_MS]);
      assert.deepEqual((await store.log.read(runId, 0)).map((event) => [event.seq, event.type, 'token' in event ? event.token : 0]), [
        [1, 'run.started', 0],
        [2, 'job.started', lease.token],
        [3, 'step.started', 0],
      ]);
      assert.equal((await store.catalog.getRun(runId))?.status, 'running');
      assert.deepEqual((await store.queue.ticketsOf(runId)).map((ticket) => [ticket.job, ticket.lease?.token]), [['main', lease.token], ['at the end', undefined]]);
      // It was a decision, and what follows is the lease's alone.
      assert.deepEqual(await store.log.append({ runId, at: 2, expected: 1, events: [aStepFinished()] }), { ok: false, refused: 'conflict' });
      assert.deepEqual(await store.log.append({ runId, at: 2, events: [aStepFinished()], fence: { ...fenceOf(lease), token: lease.token + 1 } }), { ok: false, refused: 'fenced' });
      assert.deepEqual(await store.log.append({ runId, at: 2, events: [aStepFinished()], fence: fenceOf(lease) }), { ok: true, seq: 4 });
      assert.deepEqual(await take(store, worker), []);
    },
  },
  {
    name: 'begins no job that is not handed out in that write, nor for another worker, nor of a run that is there already',
    async run(store) {
      const root = await openRun(store);
      const [worker, other] = [await joinWorker(store, root), await joinWorker(store, root)];
      const handed: Lease[] = [];
      let places = 0;
      const standDown = store.queue.standBy?.(worker, () => (places === 0 ? undefined : { limit: places, leaseMs: LEASE_MS }), (leases) => handed.push(...leases));
      if (standDown === undefined) return;
      const full = freshRunId();
      assert.deepEqual(await createPrepared(store, { runId: full, root, worker }), []);
      await onlyCreated(store, full);
      // Now there is a place, and a ticket before its own.
      places = 1;
      const second = freshRunId();
      assert.deepEqual(await createPrepared(store, { runId: second, root, worker }), []);
      await onlyCreated(store, second);
      assert.deepEqual(handed.splice(0).map((lease) => lease.runId), [full]);
      standDown();
      assert.deepEqual((await take(store, worker)).map((lease) => lease.runId), [second]);
      store.queue.standBy?.(other, () => ({ limit: 1, leaseMs: LEASE_MS }), (leases) => handed.push(...leases));
      const third = freshRunId();
      assert.deepEqual(await createPrepared(store, { runId: third, root, worker }), []);
      await onlyCreated(store, third);
      assert.deepEqual(handed.map((lease) => [lease.runId, lease.worker]), [[third, other]]);
      assert.deepEqual(await createPrepared(store, { runId: third, root, worker: other }), []);
      await onlyCreated(store, third);
    },
  },
];

/** Creates a run whose job is prepared for a worker; answers the leases it was begun under. */
async function createPrepared(store: StorePorts, { runId, root, worker }: { runId: RunId; root: RunId; worker: WorkerId }): Promise<Lease[]> {
  const begun: Lease[] = [];
  const begin: Begin = {
    ticket: toTicketId(aTicket(runId)),
    worker,
    append: {
      runId,
      at: 1,
      expected: 1,
      events: [aJobStarted({ worker, token: 0 }), aStepStarted()],
      summary: aSummary(runId, { root, status: 'running', startedAt: 1 }),
      enqueue: [aTicket(runId, { job: 'at the end', notBefore: 4_000_000_000_000 })],
    },
    begun: (lease) => begun.push(lease),
  };
  await store.log.create(aCreate(runId, { summary: aSummary(runId, { root }), enqueue: [aTicket(runId)] }), begin);
  return begun;
}

async function onlyCreated(store: StorePorts, runId: RunId): Promise<void> {
  assert.deepEqual((await store.log.read(runId, 0)).map((event) => event.type), ['run.started']);
  assert.equal((await store.catalog.getRun(runId))?.status, 'queued');
}
