import { toRunId, toTicketId } from '@kb-labs/contracts';
import type { JobQueue, Lease, Places } from '@kb-labs/ports';
import { afterEach, expect, it } from 'vitest';

import { type Harness, openHarness, replacing, success } from './harness.fixture.js';
import { manualClock } from './manual-clock.fixture.js';
import { turns } from './watch-run.fixture.js';

const open: Harness[] = [];
afterEach(async () => {
  for (const harness of open.splice(0).toReversed()) await harness.close();
});

/** `wrapQueue` stands in for a store of another kind. */
async function openCounting(
  jobs = 'a: { steps: [{ uses: t/do:it }] }, b: { needs: a, steps: [{ uses: t/do:it }] }',
  wrapQueue: (queue: JobQueue) => Partial<JobQueue> = () => ({}),
): Promise<{ harness: Harness; takes: () => number }> {
  let takes = 0;
  const harness = await openHarness({
    workflows: { 'w.yml': `id: w\njobs: { ${jobs} }` },
    clock: manualClock(),
    wrap: (deps) => {
      const { queue } = deps;
      return { ...deps, queue: replacing(queue, { ...wrapQueue(queue), take: (...args) => ((takes += 1), queue.take(...args)) }) };
    },
  });
  open.push(harness);
  return { harness, takes: () => takes };
}

const ended = ({ deps }: Harness, run: Parameters<Harness['end']>[0]) => async (): Promise<boolean> => (await deps.catalog.getRun(run))?.status === 'success';

it('a worker with a place is handed each job as it is queued, and does not ask', async () => {
  const { harness, takes } = await openCounting();
  await harness.worker({ concurrency: 3 });
  await turns(() => Promise.resolve(takes() > 0));
  await new Promise(setImmediate);
  const before = takes();
  await turns(ended(harness, await harness.start('w')));
  await turns(ended(harness, await harness.start('w')));
  expect([harness.calls.length, takes() - before]).toEqual([4, 0]);
});

it('a worker never holds more than it has places for, and gets to what it could not be handed', async () => {
  const { harness } = await openCounting();
  let [running, most] = [0, 0];
  harness.handlers.set('do:it', async () => {
    running += 1;
    most = Math.max(most, running);
    for (let turn = 0; turn < 3; turn += 1) await new Promise(setImmediate);
    running -= 1;
    return success();
  });
  await harness.worker({ concurrency: 2 });
  const runs = await Promise.all(Array.from({ length: 7 }, () => harness.start('w')));
  for (const run of runs) await turns(ended(harness, run));
  expect(most).toBe(2);
});

const EIGHT = 'a: { strategy: { matrix: { n: [1, 2, 3, 4, 5, 6, 7, 8] } }, steps: [{ uses: t/do:it }] }';
/** A store that hands out what a write queues, and leaves what was left to be asked for. */
const withoutMore = (queue: JobQueue): Partial<JobQueue> => ({
  standBy: (worker, places, onLeases) => {
    const own = (): Places | undefined => {
      const found = places();
      return found && { ...found, more: false };
    };
    return queue.standBy?.(worker, own, onLeases) ?? (() => undefined);
  },
});

it.each([
  ['is handed the places of all jobs that end together in the write that ends them', 0, undefined],
  ['asks once for the places of all jobs that end together, where the store leaves that to it', 1, withoutMore],
])('a worker %s', async (_, asked, wrapQueue) => {
  const { harness, takes } = await openCounting(EIGHT, wrapQueue);
  const waiting: (() => void)[] = [];
  harness.handlers.set('do:it', () => new Promise((resolve) => waiting.push(() => resolve(success()))));
  await harness.worker({ concurrency: 4 });
  await turns(() => Promise.resolve(takes() > 0));
  const before = takes();
  const run = await harness.start('w');
  await turns(() => Promise.resolve(waiting.length === 4));
  for (const end of waiting.splice(0)) end();
  await turns(() => Promise.resolve(waiting.length === 4));
  expect(takes() - before).toBe(asked);
  for (const end of waiting.splice(0)) end();
  await turns(ended(harness, run));
});

it('a worker that stops is handed nothing more', async () => {
  const { harness } = await openCounting();
  const worker = await harness.worker();
  await worker.stop();
  const run = await harness.start('w');
  expect((await harness.deps.queue.ticketsOf(run)).map((ticket) => ticket.lease)).toEqual([undefined]);
});

it('a worker that was about to take when it is told to stop takes nothing', async () => {
  const { harness, takes } = await openCounting();
  const worker = await harness.worker();
  await worker.stop();
  expect(takes()).toBe(0);
});

it('a worker that was handed something by a write that was on its way when it stopped gives it back', async () => {
  let hand: (leases: Lease[]) => void = () => undefined;
  const released: (readonly Lease[])[] = [];
  const harness = await openHarness({
    workflows: {},
    wrap: (deps) => ({
      ...deps,
      queue: replacing(deps.queue, {
        standBy: (_worker, _places, onLeases) => {
          hand = onLeases;
          return () => undefined;
        },
        release: (leases) => Promise.resolve(void released.push(leases)),
      }),
    }),
  });
  open.push(harness);
  const worker = await harness.worker();
  await worker.stop();
  const lease = { runId: toRunId('0'.repeat(26)), job: 'a', attempt: 1, turn: 0, token: 1, worker: worker.id, until: 0 };
  hand([{ ...lease, id: toTicketId(lease) }]);
  expect([released.map((leases) => leases.map(({ job }) => job)), worker.held]).toEqual([[['a']], 0]);
});
