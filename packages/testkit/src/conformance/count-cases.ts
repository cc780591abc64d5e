import assert from 'node:assert/strict';

import { aRunStarted, aStepStarted } from '../some-events.js';
import { aCreate, aSummary, aTicket } from '../some-commands.js';
import { endRun, freshRunId, joinWorker, openRun, take } from './store-steps.js';
import type { ConformanceCase, StoreUnderTest } from './suite.js';

/** What an operator is told of a queue. */
export const QUEUE_COUNT_CASES: readonly ConformanceCase<StoreUnderTest>[] = [
  {
    name: 'counts the tickets that are held, those that are due, and those that come later or are parked',
    async run(store) {
      const counts = (): Promise<unknown> => store.queue.counts();
      assert.deepEqual(await counts(), { held: 0, due: 0, later: 0 });
      const runId = await openRun(store);
      const now = store.clock.now();
      await store.queue.ensure([...['a', 'b', 'c'].map((job) => aTicket(runId, { job })), aTicket(runId, { job: 'low', priority: 'low' }), aTicket(runId, { job: 'later', notBefore: now + 1_000 })]);
      const claim = [{ group: 'one', job: null }];
      const [first, second] = [freshRunId(), freshRunId()];
      for (const id of [first, second]) await store.log.create(aCreate(id, { events: [aRunStarted()], enqueue: [aTicket(id)], claim }));
      assert.deepEqual(await counts(), { held: 0, due: 5, later: 2 });
      const worker = await joinWorker(store);
      const leases = await take(store, worker, 2);
      assert.deepEqual(await counts(), { held: 2, due: 3, later: 2 });
      await store.clock.advance(1_000);
      assert.deepEqual(await counts(), { held: 2, due: 4, later: 1 });
      await store.queue.release(leases.slice(0, 1));
      await store.queue.discard(leases.slice(1));
      assert.deepEqual(await counts(), { held: 0, due: 5, later: 1 });
      await endRun(store, first);
      assert.deepEqual(await counts(), { held: 0, due: 5, later: 0 });
    },
  },
];

/** What an operator is told of runs. */
export const RUN_COUNT_CASES: readonly ConformanceCase<StoreUnderTest>[] = [
  {
    name: 'counts open runs by their status, and none that has ended',
    async run(store) {
      assert.deepEqual(await store.catalog.countOpen(), {});
      const [running, waiting, ended] = [await openRun(store), await openRun(store), await openRun(store), await openRun(store)];
      for (const [runId, status] of [[running, 'running'], [waiting, 'waiting'], [ended, 'waiting']] as const) {
        await store.log.append({ runId, at: 4, events: [aStepStarted()], summary: aSummary(runId, { status, startedAt: 4 }) });
      }
      assert.deepEqual(await store.catalog.countOpen(), { queued: 1, running: 1, waiting: 2 });
      await endRun(store, ended);
      assert.deepEqual(await store.catalog.countOpen(), { queued: 1, running: 1, waiting: 1 });
    },
  },
];
