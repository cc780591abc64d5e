import type { RunId } from '@kb-labs/contracts';
import { afterEach, expect, it } from 'vitest';

import { answerApproval } from './answer-approval.js';
import { cancelRun } from './cancel-run.js';
import { followApprovals, type FollowedPage, followRuns } from './follow-page.js';
import { type Harness, type HarnessOptions, openHarness, replacing } from './harness.fixture.js';
import { manualClock } from './manual-clock.fixture.js';

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).toReversed()) await one.close();
});

const workflows = { 'w.yml': 'id: w\njobs: { j: { steps: [{ id: ask, uses: "builtin:approval", with: { title: "Go?" } }] } }', 'x.yml': 'id: x\njobs: { j: { steps: [{ uses: t/do:it }] } }' };

/** Counts the pages that are read, and the watches that are held. */
async function counted(options: Partial<HarnessOptions> = {}): Promise<Harness & { reads: () => number; watches: () => number }> {
  let reads = 0;
  let watches = 0;
  const harness = await openHarness({
    workflows,
    wrap: (deps) => ({
      ...deps,
      catalog: replacing(deps.catalog, { listRuns: (query) => ((reads += 1), deps.catalog.listRuns(query)) }),
      log: replacing(deps.log, {
        watch: (runId, onChange) => {
          watches += 1;
          const stop = deps.log.watch(runId, onChange);
          return () => {
            watches -= 1;
            stop();
          };
        },
      }),
    }),
    ...options,
  });
  open.push(harness);
  return { ...harness, reads: () => reads, watches: () => watches };
}

/** The next page, while the clock goes on. */
async function next<Item>(pages: AsyncGenerator<FollowedPage<Item>>, clock?: ReturnType<typeof manualClock>): Promise<FollowedPage<Item>> {
  let answer: IteratorResult<FollowedPage<Item>> | undefined;
  const asked = pages.next().then((one) => (answer = one));
  while (answer === undefined) {
    clock?.advance(50);
    await Promise.race([asked, new Promise((resolve) => setImmediate(resolve))]);
  }
  if (answer.done === true) throw new Error('it has ended');
  return answer.value;
}

const aborted = () => {
  const controller = new AbortController();
  open.push({ close: () => Promise.resolve(controller.abort()) });
  return controller;
};
const idsOf = ({ page }: FollowedPage<{ id: string }>): string[] => page.items.map(({ id }) => id);

it('shows the page at once, and again after every change', async () => {
  const clock = manualClock();
  const harness = await counted({ clock });
  const { signal } = aborted();
  const pages = followRuns(harness.deps, { limit: 2 }, { signal });
  expect(await next(pages, clock)).toMatchObject({ page: { items: [] } });
  const ids: RunId[] = [];
  for (let n = 0; n < 3; n += 1) {
    ids.unshift(await harness.start('x'));
    expect(idsOf(await next(pages, clock))).toEqual(ids.slice(0, 2));
  }
  await cancelRun(harness.deps, { runId: ids[0] ?? '', by: 'ada' });
  expect((await next(pages, clock)).page).toMatchObject({ items: [{ status: 'cancelled' }, { status: 'queued' }], nextCursor: ids[1] });
});

it('is quiet about changes that do not change it', async () => {
  const clock = manualClock();
  const harness = await counted({ clock });
  const { signal } = aborted();
  const pages = followRuns(harness.deps, { workflowId: 'x' }, { signal });
  expect(idsOf(await next(pages, clock))).toEqual([]);
  const told = next(pages, clock).then(idsOf);
  await harness.start('w');
  await harness.start('w');
  const wanted = await harness.start('x');
  expect(await told).toEqual([wanted]);
});

it('tells a page once in half a second at most, and reads nothing while nothing happens', async () => {
  const clock = manualClock();
  const harness = await counted({ clock });
  const controller = aborted();
  const times: number[] = [];
  const pages = followRuns(harness.deps, { limit: 200 }, { signal: controller.signal });
  const ended = (async () => {
    for await (const page of pages) times.push(idsOf(page).length);
  })();
  const settle = async (ms: number): Promise<void> => {
    for (let passed = 0; passed < ms; passed += 100) {
      clock.advance(100);
      for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    }
  };
  await settle(2_000);
  for (let n = 0; n < 30; n += 1) {
    await harness.start('x');
    await settle(100);
  }
  await settle(2_000);
  expect(times.at(-1)).toBe(30);
  // Three seconds of a change every 100 ms: at most 7 pages beside the first one, and one behind the last change.
  expect(times.length).toBeLessThanOrEqual(9);
  const before = harness.reads();
  await settle(60_000);
  expect(harness.reads()).toBe(before);
  controller.abort();
  await ended;
});

it('goes on behind a page that is known, and holds nothing once it is over', async () => {
  const clock = manualClock();
  const harness = await counted({ clock });
  const controller = aborted();
  const { digest } = await next(followRuns(harness.deps, {}, { signal: controller.signal }), clock);
  const pages = followRuns(harness.deps, {}, { signal: controller.signal, known: digest });
  const told = next(pages, clock);
  const id = await harness.start('x');
  const page = await told;
  expect(idsOf(page)).toEqual([id]);
  expect(page.digest).not.toBe(digest);
  expect(harness.watches()).toBeGreaterThan(0);
  const over = pages.next();
  controller.abort();
  expect(await over).toEqual({ done: true, value: undefined });
});

it('sees what another process does', async () => {
  const clock = manualClock();
  const harness = await counted({ clock });
  const other = await harness.another();
  open.push(other);
  const { signal } = aborted();
  const pages = followRuns(harness.deps, {}, { signal });
  await next(pages, clock);
  const id = await other.start('x');
  expect(idsOf(await next(pages, clock))).toEqual([id]);
});

it('shows what waits for a decision, and that it does no more', async () => {
  const clock = manualClock();
  const harness = await counted({ clock });
  await harness.worker();
  const { signal } = aborted();
  const pages = followApprovals(harness.deps, {}, { signal });
  expect((await next(pages, clock)).page.items).toEqual([]);
  const runId = await harness.start('w');
  expect((await next(pages, clock)).page.items).toMatchObject([{ runId, step: 'ask' }]);
  await answerApproval(harness.deps, { runId, step: 'ask', decision: 'approved', by: 'bob' });
  expect((await next(pages, clock)).page.items).toEqual([]);
});
