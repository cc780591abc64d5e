import assert from 'node:assert/strict';

import { AFTER_END, toTicketId } from '@kb-labs/contracts';

import { aCreate, anEndedSummary, aTicket } from '../some-commands.js';
import { aRunFinished, aRunStarted, aStepFinished } from '../some-events.js';
import { endRun, fenceOf, freshRunId, holdJob, jobsOf, joinWorker, LEASE_MS, openRun, take, takeOne } from './store-steps.js';
import type { ConformanceCase, StoreUnderTest } from './suite.js';

/** What is left to do once a run has ended: the tickets of the append that ends it. */
export const ENDED_RUN_CASES: readonly ConformanceCase<StoreUnderTest>[] = [
  {
    name: 'takes nothing more once the run has ended, and keeps no ticket but those of the append that ended it',
    async run(store) {
      const { runId, fence } = await holdJob(store);
      await store.queue.ensure([aTicket(runId, { job: 'other' })]);
      const left = aTicket(runId, { job: AFTER_END });
      await endRun(store, runId, { enqueue: [left] });
      assert.deepEqual(await store.log.append({ runId, at: 3, events: [aStepFinished()], enqueue: [aTicket(runId)] }), { ok: false, refused: 'closed' });
      assert.deepEqual(await store.log.append({ runId, at: 3, fence, events: [aStepFinished()] }), { ok: false, refused: 'fenced' });
      assert.equal(await store.queue.ensure([aTicket(runId)]), 0);
      assert.deepEqual(await store.queue.ticketsOf(runId), [{ ...left, id: toTicketId(left) }]);
      assert.equal((await store.log.read(runId, 0)).length, 2);
    },
  },
  {
    name: 'hands out, renews, takes over and discards a ticket of an ended run like any other, and does not count the run as open',
    async run(store) {
      const runId = await openRun(store);
      await endRun(store, runId, { enqueue: [aTicket(runId, { job: AFTER_END })] });
      assert.deepEqual(await store.catalog.openRuns({ limit: 10 }), []);
      const worker = await joinWorker(store, runId);
      const lease = await takeOne(store, worker);
      assert.deepEqual(await store.log.append({ runId, at: 3, fence: fenceOf(lease), events: [aStepFinished()] }), { ok: false, refused: 'closed' });
      assert.equal((await store.queue.renew([lease], LEASE_MS)).length, 1);
      await store.clock.advance(LEASE_MS);
      const again = await takeOne(store, worker);
      assert.deepEqual(await store.log.append({ runId, at: 3, fence: fenceOf(lease), events: [aStepFinished()] }), { ok: false, refused: 'fenced' });
      await store.queue.discard([lease]);
      await store.queue.discard([again]);
      assert.deepEqual(await store.queue.ticketsOf(runId), []);
    },
  },
  {
    name: 'keeps the tickets of a run that is opened and ended at once',
    async run(store) {
      const runId = freshRunId();
      const enqueue = [aTicket(runId, { job: AFTER_END })];
      await store.log.create(aCreate(runId, { events: [aRunStarted(), aRunFinished()], summary: anEndedSummary(runId), enqueue }));
      assert.equal(await store.queue.ensure([aTicket(runId)]), 0);
      assert.deepEqual(jobsOf(await take(store, await joinWorker(store, runId))), [AFTER_END]);
    },
  },
];
