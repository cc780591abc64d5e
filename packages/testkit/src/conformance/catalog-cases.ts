import assert from 'node:assert/strict';

import type { RunId, RunStatus, RunSummary } from '@kb-labs/contracts';
import type { RunQuery } from '@kb-labs/ports';
import fc from 'fast-check';

import { aSummary } from '../some-commands.js';
import { aRunStarted, aStepStarted } from '../some-events.js';
import { endRun, freshRunId, openRun, openRunIn } from './store-steps.js';
import type { ConformanceCase, StorePorts, StoreUnderTest } from './suite.js';

export const CATALOG_CASES: readonly ConformanceCase<StoreUnderTest>[] = [
  {
    name: 'knows a run by its last summary, and no run that was never opened',
    async run(store) {
      const runId = await openRun(store);
      assert.deepEqual(await store.catalog.getRun(runId), aSummary(runId));
      const running = aSummary(runId, { status: 'running', startedAt: 4 });
      await store.log.append({ runId, at: 4, events: [aStepStarted()], summary: running });
      assert.deepEqual(await store.catalog.getRun(runId), running);
      await store.log.append({ runId, at: 5, events: [aStepStarted()] });
      assert.deepEqual(await store.catalog.getRun(runId), running);
      assert.equal(await store.catalog.getRun(freshRunId()), undefined);
    },
  },
  {
    name: 'keeps a run in the tree and with the tenant that it was opened for',
    async run(store) {
      const [root, parent] = [freshRunId(), freshRunId()];
      const runId = await openRunIn(store, { root, tenant: 'acme', parent });
      const opened = await store.catalog.getRun(runId);
      assert.deepEqual([opened?.root, opened?.tenant, opened?.parent], [root, 'acme', parent]);
      const running = aSummary(runId, { status: 'running', startedAt: 4 });
      await store.log.append({ runId, at: 4, events: [aStepStarted()], summary: running });
      assert.deepEqual(await store.catalog.getRun(runId), { ...running, root, tenant: 'acme', parent });
      assert.deepEqual(await store.catalog.listRuns({ limit: 1 }), [{ ...running, root, tenant: 'acme', parent }]);
    },
  },
  {
    name: 'lists runs newest first, page by page',
    async run(store) {
      const runs = await openRuns(store, 5);
      const newestFirst = [...runs].reverse();
      assert.deepEqual(idsOf(await store.catalog.listRuns({ limit: 10 })), newestFirst);
      assert.deepEqual(await listByPages(store, { limit: 2 }), newestFirst);
      assert.deepEqual(await store.catalog.listRuns({ limit: 0 }), []);
    },
  },
  {
    name: 'lists open runs oldest first, page by page, without those that have ended',
    async run(store) {
      const [a, b, c, d] = await openRuns(store, 4);
      assert.ok(a !== undefined && b !== undefined && c !== undefined && d !== undefined);
      await endRun(store, b);
      assert.deepEqual(await store.catalog.openRuns({ limit: 10 }), [a, c, d]);
      assert.deepEqual(await store.catalog.openRuns({ limit: 2 }), [a, c]);
      assert.deepEqual(await store.catalog.openRuns({ after: c, limit: 2 }), [d]);
    },
  },
  {
    name: 'filters by tenant, workflow, status and time in every combination, page by page',
    async run(store) {
      const all: RunSummary[] = [];
      const created = fc.record({ tenant: fc.constantFrom('default', 'acme'), workflow: fc.constantFrom('a', 'b'), status: fc.constantFrom<RunStatus>('queued', 'running', 'success') });
      const [specs] = fc.sample(fc.array(created, { minLength: 40, maxLength: 40 }), { numRuns: 1, seed: 20_261 });
      for (const [index, { tenant, workflow, status }] of (specs ?? []).entries()) {
        const runId = freshRunId();
        // Two runs of one instant each: ids decide between them.
        const summary = aSummary(runId, { tenant, workflowId: workflow, status, createdAt: Math.floor(index / 2) });
        await store.log.create({ runId, at: 0, events: [aRunStarted()], summary, enqueue: [], maxOpenRuns: 100 });
        all.unshift(summary);
      }
      const query = fc.record(
        {
          tenant: fc.constantFrom('default', 'acme', 'none'),
          workflowId: fc.constantFrom('a', 'b', 'none'),
          status: fc.constantFrom<RunStatus>('queued', 'success', 'failed'),
          since: fc.integer({ min: -1, max: 21 }),
          until: fc.integer({ min: -1, max: 21 }),
        },
        { requiredKeys: [] },
      );
      await fc.assert(
        fc.asyncProperty(query, fc.integer({ min: 1, max: 7 }), async (filter, limit) => {
          assert.deepEqual(await listByPages(store, { ...filter, limit }), idsOf(all.filter((run) => fits(run, filter))));
        }),
        { numRuns: 100 },
      );
    },
  },
];

function fits(run: RunSummary, filter: Omit<RunQuery, 'limit'>): boolean {
  if (filter.tenant !== undefined && run.tenant !== filter.tenant) return false;
  if (filter.workflowId !== undefined && run.workflowId !== filter.workflowId) return false;
  if (filter.status !== undefined && run.status !== filter.status) return false;
  if (filter.until !== undefined && run.createdAt >= filter.until) return false;
  return filter.since === undefined || run.createdAt >= filter.since;
}

async function openRuns(store: StorePorts, count: number): Promise<RunId[]> {
  const runs: RunId[] = [];
  for (let index = 0; index < count; index += 1) runs.push(await openRun(store));
  return runs;
}

async function listByPages(store: StorePorts, query: RunQuery): Promise<string[]> {
  const ids: string[] = [];
  for (let before: RunId | undefined; ; ) {
    const page = await store.catalog.listRuns({ ...query, ...(before === undefined ? {} : { before }) });
    ids.push(...idsOf(page));
    if (page.length < query.limit) return ids;
    before = page.at(-1)?.id as RunId;
  }
}

function idsOf(runs: readonly RunSummary[]): string[] {
  return runs.map((run) => run.id);
}
