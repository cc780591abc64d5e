import assert from 'node:assert/strict';

import { aStepFinished } from '../some-events.js';
import { aCreate } from '../some-commands.js';
import { blob, endedRun } from './retention-cases.js';
import { endRun, freshRunId, openRun } from './store-steps.js';
import type { ConformanceCase, StorePorts, StoreUnderTest } from './suite.js';

/** Which bytes runs refer to, and which nobody does any more. */
export const BLOB_REFERENCE_CASES: readonly ConformanceCase<StoreUnderTest>[] = [
  {
    name: 'names a blob as unused once the last run that refers to it has gone, or given up its artifacts',
    async run(store) {
      const [shared, own] = [blob('a', 1), blob('b', 2)];
      const one = await endedRun(store, { blobs: [shared, own] });
      const two = await endedRun(store, { blobs: [shared] });
      const open = freshRunId();
      await store.log.create(aCreate(open, { blobs: [blob('c', 3)] }));
      assert.deepEqual(await unused(store), []);
      await store.retention.remove(one, 'artifacts');
      assert.deepEqual(await unused(store), [own.digest]);
      await store.retention.remove(one, 'run');
      assert.deepEqual(await unused(store), [own.digest]);
      await store.clock.advance(10);
      await store.retention.remove(two, 'run');
      assert.deepEqual(await unused(store), [own.digest, shared.digest]);
      assert.deepEqual(await unused(store, { before: store.clock.now() }), [own.digest]);
      assert.deepEqual(await unused(store, { limit: 1 }), [own.digest]);
      assert.deepEqual(await unused(store, { limit: 0 }), []);
      await endRun(store, open);
      assert.equal(await store.retention.remove(open, 'log'), true);
      assert.equal((await unused(store)).length, 2);
    },
  },
  {
    name: 'does not name a blob any more that a run refers to again',
    async run(store) {
      const [again, created, left] = [blob('a', 1), blob('b', 1), blob('c', 1)];
      await store.retention.remove(await endedRun(store, { blobs: [again, created, left] }), 'run');
      const runId = await openRun(store, { blobs: [created] });
      assert.deepEqual((await unused(store)).sort(), [again.digest, left.digest]);
      await store.log.append({ runId, at: 3, events: [aStepFinished()], blobs: [again] });
      assert.deepEqual(await unused(store), [left.digest]);
    },
  },
  {
    name: 'takes no reference of an append that is refused',
    async run(store) {
      const one = await openRun(store);
      await endRun(store, one, { blobs: [blob('a', 1)] });
      assert.deepEqual(await store.log.append({ runId: one, at: 3, events: [aStepFinished()], blobs: [blob('b', 1)] }), { ok: false, refused: 'closed' });
      await store.retention.remove(one, 'run');
      assert.deepEqual(await unused(store), [blob('a', 1).digest]);
    },
  },
  {
    name: 'forgets blobs that are unused, and answers those that are in use',
    async run(store) {
      const [gone, used] = [blob('a', 1), blob('b', 1)];
      await store.retention.remove(await endedRun(store, { blobs: [gone, used] }), 'run');
      const runId = await openRun(store, { blobs: [used] });
      const all = [gone, used, blob('d', 1)].map(({ digest }) => digest);
      assert.deepEqual(await store.retention.forgetBlobs(all), [used.digest]);
      assert.deepEqual(await unused(store), []);
      await endRun(store, runId);
      await store.retention.remove(runId, 'run');
      assert.deepEqual(await unused(store), [used.digest]);
      assert.deepEqual(await store.retention.forgetBlobs(all), []);
      assert.deepEqual(await store.retention.forgetBlobs([]), []);
    },
  },
];

async function unused(store: StorePorts & Pick<StoreUnderTest, 'clock'>, query: { before?: number; limit?: number } = {}): Promise<string[]> {
  return await store.retention.unusedBlobs({ before: store.clock.now() + 1, limit: 100, ...query });
}
