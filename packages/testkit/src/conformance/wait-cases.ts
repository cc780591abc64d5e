import assert from 'node:assert/strict';

import type { RunId } from '@kb-labs/contracts';
import type { NewWait, OpenWait, WaitQuery } from '@kb-labs/ports';

import { endRun, freshRunId, openRun, openRunIn } from './store-steps.js';
import type { ConformanceCase, StorePorts, StoreUnderTest } from './suite.js';

/** Steps that wait for something from outside. */
export const WAIT_CASES: readonly ConformanceCase<StoreUnderTest>[] = [
  {
    name: 'lists what waits, those that began first at the front, until it is closed or its run ends',
    async run(store) {
      const [one, two] = [await openRun(store), await openRunIn(store, { tenant: 'acme' })];
      await open(store, one, { at: 5, waits: [aWait('a', 's'), aWait('a', 't')] });
      await open(store, two, { at: 6, waits: [aWait('a', 's')] });
      assert.deepEqual((await store.catalog.listWaits({ limit: 9 })).map(({ cursor: _, ...wait }) => wait), [
        { runId: one, tenant: 'default', ...aWait('a', 's'), since: 5 },
        { runId: one, tenant: 'default', ...aWait('a', 't'), since: 5 },
        { runId: two, tenant: 'acme', ...aWait('a', 's'), since: 6 },
      ]);
      await close(store, one, 'a');
      assert.deepEqual((await store.catalog.listWaits({ limit: 9 })).map((wait) => wait.runId), [two]);
      await endRun(store, two, { waits: { open: [aWait('b', 's')], close: [] } });
      assert.deepEqual(await store.catalog.listWaits({ limit: 9 }), []);
    },
  },
  {
    name: 'leaves as it is what is open already, and closes before it opens',
    async run(store) {
      const runId = await openRun(store);
      await open(store, runId, { at: 5, waits: [{ job: 'a', step: 's', kind: 'signal', name: 'first' }] });
      const [first] = await store.catalog.listWaits({ limit: 9 });
      await open(store, runId, { at: 6, waits: [{ job: 'a', step: 's', kind: 'signal', name: 'second' }] });
      assert.deepEqual(await store.catalog.listWaits({ limit: 9 }), [first]);
      await store.log.append({ runId, at: 7, events: [], waits: { open: [aWait('a', 's'), aWait('b', 's')], close: [{ job: 'a' }, { job: 'b' }] } });
      assert.deepEqual((await store.catalog.listWaits({ limit: 9 })).map((wait) => [wait.job, wait.since]), [['a', 7], ['b', 7]]);
    },
  },
  {
    name: 'filters what waits by tenant, kind, name and run in every combination, page by page',
    async run(store) {
      const runs = [await openRun(store), await openRunIn(store, { tenant: 'acme' })];
      const waits: NewWait[] = Array.from({ length: 12 }, (_, index) => {
        const kind = (['approval', 'signal', 'callback', 'signal'] as const)[index % 4] ?? 'signal';
        return { job: `job-${String(index)}`, step: 's', kind, ...(kind === 'signal' ? { name: index % 3 === 0 ? 'x' : 'y' } : {}) };
      });
      for (const wait of waits) for (const runId of runs) await open(store, runId, { at: 1, waits: [wait] });
      const all = await store.catalog.listWaits({ limit: 100 });
      assert.equal(all.length, 24);
      for (const kind of [undefined, 'approval', 'signal', 'callback'] as const) {
        for (const name of [undefined, 'x', 'y', 'none']) {
          for (const runId of [undefined, ...runs, freshRunId()]) {
            for (const tenant of [undefined, 'default', 'acme', 'none']) {
              const named = Object.entries({ kind, name, runId, tenant }).filter(([, value]) => value !== undefined);
              const fitting = all.filter((wait) => named.every(([key, value]) => wait[key as keyof OpenWait] === value));
              assert.deepEqual(await waitsByPages(store, { ...Object.fromEntries(named), limit: 3 }), fitting);
            }
          }
        }
      }
      assert.deepEqual(await store.catalog.listWaits({ limit: 0 }), []);
    },
  },
];

function aWait(job: string, step: string): NewWait {
  return { job, step, kind: 'approval' };
}

async function open(store: StorePorts, runId: RunId, begun: { at: number; waits: readonly NewWait[] }): Promise<void> {
  await store.log.append({ runId, at: begun.at, events: [], waits: { open: begun.waits, close: [] } });
}

async function close(store: StorePorts, runId: RunId, job: string): Promise<void> {
  await store.log.append({ runId, at: 1, events: [], waits: { open: [], close: [{ job }] } });
}

async function waitsByPages(store: StorePorts, query: WaitQuery): Promise<OpenWait[]> {
  const waits: OpenWait[] = [];
  for (let after: number | undefined; ; ) {
    const page = await store.catalog.listWaits({ ...query, ...(after === undefined ? {} : { after }) });
    waits.push(...page);
    if (page.length < query.limit) return waits;
    after = page.at(-1)?.cursor;
  }
}
