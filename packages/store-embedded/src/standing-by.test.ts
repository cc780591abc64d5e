import type { RunId } from '@kb-labs/contracts';
import type { Lease, Places } from '@kb-labs/ports';
import { aCreate, aStepStarted, aTicket, countingIds, fakeClock } from '@kb-labs/testkit';
import { expect, it } from 'vitest';

import { openEmbeddedStore } from './index.js';
import { temporaryDir } from './temporary-dir.fixture.js';
import { pagesOfCommits } from './wal-commits.fixture.js';

/** A run whose jobs are queued, and a worker that was handed the first of them. */
async function openBacklog(jobs: readonly string[], places: Partial<Places>) {
  const [dir, ids] = [temporaryDir(), countingIds()];
  const store = await openEmbeddedStore({ dir, clock: fakeClock() });
  const [runId, worker]: [RunId, ReturnType<typeof ids.workerId>] = [ids.runId(), ids.workerId()];
  const handed: Lease[] = [];
  await store.log.create(aCreate(runId, { enqueue: jobs.map((job) => aTicket(runId, { job })) }));
  await store.queue.join({ id: worker });
  handed.push(...(await store.queue.take(worker, { limit: 1, leaseMs: 1_000 })));
  store.queue.standBy?.(worker, () => ({ limit: 1, leaseMs: 1_000, ...places }), (leases) => handed.push(...leases));
  const end = async (job: number): Promise<void> => {
    const lease = handed[job];
    if (lease === undefined) throw new Error('it was not handed out');
    const ended = await store.log.append({ runId, at: 1, events: [aStepStarted()], fence: { ticket: lease.id, token: lease.token }, settle: [lease.id] });
    expect(ended.ok).toBe(true);
  };
  return { ...store, handed: () => handed.map(({ job }) => job), end, commits: () => pagesOfCommits(dir).length };
}

it('hands out what was left to who wants more, in the write that gives up what was held', async () => {
  const { handed, end, commits, close } = await openBacklog(['a', 'b', 'c'], { more: true });
  const before = commits();
  await end(0);
  expect([handed(), commits() - before]).toEqual([['a', 'b'], 1]);
  await end(1);
  await end(2);
  expect([handed(), commits() - before]).toEqual([['a', 'b', 'c'], 3]);
  await close();
});

it.each<[string, Partial<Places>]>([
  ['says nothing of more', {}],
  ['wants no more', { more: false }],
  ['has no place', { more: true, limit: 0 }],
])('leaves it where who stands by %s', async (_, places) => {
  const { handed, end, close } = await openBacklog(['a', 'b'], places);
  await end(0);
  expect(handed()).toEqual(['a']);
  await close();
});

it('counts what is given up as free under a cap, and no more than that', async () => {
  const { handed, end, close } = await openBacklog(['a', 'b', 'c'], { more: true, limit: 9, caps: { total: 1 } });
  await end(0);
  expect(handed()).toEqual(['a', 'b']);
  await close();
});
