import { JOURNAL_SCHEMA, LIMITS, type RunEventBody, type RunId, type RunSummary, toRunId, type Trigger } from '@kb-labs/contracts';
import type { RunQuery } from '@kb-labs/ports';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { type Harness, manual, openHarness, replacing } from './harness.fixture.js';
import { type ListRuns, listRuns } from './list-runs.js';
import { planWorkflow } from './plan-workflow.js';

const MOST = LIMITS.runsLookedThrough;
const runId = (n: number): RunId => toRunId(String(n).padStart(26, '0'));

/** A catalog of runs that is walked as a store does it, and counts what it has to read. */
function walked(runs: readonly RunSummary[]): { deps: Parameters<typeof listRuns>[0]; read: () => number } {
  let read = 0;
  const newestFirst = runs.toSorted((a, b) => (a.id < b.id ? 1 : -1));
  const catalog = {
    listRuns: ({ before, limit, status }: RunQuery) => {
      const rows = newestFirst.filter((run) => (before === undefined || run.id < before) && (status === undefined || run.status === status)).slice(0, limit);
      read += rows.length;
      return Promise.resolve(rows);
    },
  };
  return { deps: { catalog, queue: { served: () => Promise.resolve(new Set<RunId>()) } } as unknown as Parameters<typeof listRuns>[0], read: () => read };
}

const aSummary = (id: RunId, over: Partial<RunSummary> = {}): RunSummary => ({
  id,
  workflowId: 'example',
  workflowVersion: null,
  status: 'queued',
  root: id,
  tenant: 'default',
  trigger: { type: 'manual', actor: 'tester', branch: null },
  createdAt: 0,
  startedAt: null,
  finishedAt: null,
  ...over,
});
const plain = (count: number, first = 0): RunSummary[] => Array.from({ length: count }, (_, n) => aSummary(runId(first + n)));
const wanted = (n: number): RunSummary => aSummary(runId(n), { trigger: { type: 'push', actor: 'ada', branch: 'main' } });

async function allPages(deps: Parameters<typeof listRuns>[0], query: ListRuns): Promise<{ ids: string[]; pages: number }> {
  const ids: string[] = [];
  for (let pages = 1, cursor: string | undefined; ; pages += 1) {
    const page = await listRuns(deps, { ...query, ...(cursor === undefined ? {} : { cursor }) });
    ids.push(...page.items.map(({ id }) => id));
    cursor = page.nextCursor;
    if (cursor === undefined) return { ids, pages };
  }
}

describe('a list of runs that no index finds', () => {
  it.each([
    [MOST - 1, false],
    [MOST, false],
    [MOST + 1, true],
  ])('ends after so many that were looked through: of %i runs there are more to look at: %s', async (count, more) => {
    const { deps } = walked(plain(count));
    const page = await listRuns(deps, { actor: 'nobody' });
    expect(page).toEqual({ items: [], ...(more ? { nextCursor: runId(count - MOST) } : {}) });
  });

  it.each([
    [MOST - 1, true],
    [MOST, false],
  ])('finds a run behind %i others on the first page: %s', async (before, found) => {
    const { deps } = walked([wanted(0), ...plain(before, 1)]);
    const first = await listRuns(deps, { trigger: 'push' });
    expect(first.items.map(({ id }) => id)).toEqual(found ? [runId(0)] : []);
    expect(await allPages(deps, { trigger: 'push' })).toEqual({ ids: [runId(0)], pages: found ? 1 : 2 });
  });

  it('is full before it has looked at more than it needs', async () => {
    const { deps, read } = walked([...plain(5_000), wanted(9_000), wanted(9_001), wanted(9_002)]);
    const page = await listRuns(deps, { branch: 'main', limit: 2 });
    expect(page).toMatchObject({ items: [{ id: runId(9_002) }, { id: runId(9_001) }], nextCursor: runId(9_001) });
    expect(read()).toBeLessThan(600);
  });

  it('comes to the same by pages of every size', async () => {
    const trigger = fc.record({ type: fc.constantFrom<Trigger['type']>('manual', 'push'), actor: fc.constantFrom('ada', 'Bob'), branch: fc.constantFrom(null, 'main', 'Feature/X') });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ trigger, status: fc.constantFrom('failed' as const, 'success' as const) }), { maxLength: 60 }),
        fc.record({ trigger: fc.constantFrom<Trigger['type']>('manual', 'push'), actor: fc.constantFrom('ada', 'bob'), branch: fc.constantFrom('main', 'none'), q: fc.constantFrom('BOB', 'feature/', 'EXAMPLE', '07', ''), status: fc.constant('failed' as const) }, { requiredKeys: [] }),
        fc.integer({ min: 1, max: 9 }),
        async (written, filter, limit) => {
          const runs = written.map((run, n) => aSummary(runId(n), run));
          const fitting = runs.filter(
            (run) =>
              (filter.status === undefined || run.status === filter.status) &&
              (filter.trigger === undefined || run.trigger.type === filter.trigger) &&
              (filter.actor === undefined || run.trigger.actor === filter.actor) &&
              (filter.branch === undefined || run.trigger.branch === filter.branch) &&
              (filter.q === undefined || `${run.id}\n${run.workflowId}\n${run.trigger.actor}\n${run.trigger.branch ?? ''}`.toLowerCase().includes(filter.q.toLowerCase())),
          );
          expect((await allPages(walked(runs).deps, { ...filter, limit })).ids).toEqual(fitting.map(({ id }) => id).toReversed());
        },
      ),
    );
  });

  it('refuses a text that is too long, and a page that is none', async () => {
    const { deps } = walked([]);
    await expect(listRuns(deps, { q: 'x'.repeat(LIMITS.searchLength) })).resolves.toEqual({ items: [] });
    await expect(listRuns(deps, { q: 'x'.repeat(LIMITS.searchLength + 1) })).rejects.toMatchObject({ code: 'USAGE' });
    for (const wrong of [{ limit: 0 }, { limit: 201 }, { cursor: 'x' }]) await expect(listRuns(deps, wrong)).rejects.toMatchObject({ code: 'USAGE' });
  });
});

describe('a list of runs in a store of 10,000', () => {
  let harness: Harness;
  let asked: number[] = [];
  beforeAll(async () => {
    harness = await openHarness({ workflows: { 'example.yml': 'id: example\njobs: { j: { steps: [{ uses: t/do:it }] } }' } });
    const plan = await planWorkflow(harness.deps, { workflowId: 'example', input: {} });
    const started: RunEventBody = { type: 'run.started', schema: JOURNAL_SCHEMA, plan, trigger: manual };
    const runs = [wanted(0), ...plain(9_999, 1)].map((summary, n) => ({ ...summary, createdAt: n }));
    await Promise.all(runs.map((summary) => harness.store.log.create({ runId: summary.id as RunId, at: 0, events: [started], summary, enqueue: [], maxOpenRuns: 100_000 })));
  });
  afterAll(() => harness.close());

  const counted = () => {
    asked = [];
    const catalog = replacing(harness.deps.catalog, {
      listRuns: async (query) => {
        const rows = await harness.deps.catalog.listRuns(query);
        asked.push(rows.length);
        return rows;
      },
    });
    return { catalog, queue: harness.deps.queue };
  };
  const sum = () => asked.reduce((total, rows) => total + rows, 0);

  it('never looks through all of it for one page', async () => {
    const page = await listRuns(counted(), { q: 'nobody of that name' });
    expect(page).toEqual({ items: [], nextCursor: runId(8_000) });
    expect(sum()).toBeLessThanOrEqual(MOST + 10);
    expect(await allPages(harness.deps, { q: 'ADA' })).toEqual({ ids: [runId(0)], pages: 5 });
  });

  it('finds by an index what has one: a page reads what it answers', async () => {
    const page = await listRuns(counted(), { workflowId: 'example', since: 100, until: 5_000, limit: 3 });
    expect(page).toMatchObject({ items: [{ id: runId(4_999) }, { id: runId(4_998) }, { id: runId(4_997) }], nextCursor: runId(4_997) });
    expect(sum()).toBe(4);
    expect(await listRuns(counted(), { until: 0 })).toEqual({ items: [] });
    expect((await listRuns(counted(), { until: 1 })).items.map(({ id }) => id)).toEqual([runId(0)]);
  });
});
