import assert from 'node:assert/strict';

import { AFTER_END, type RunId } from '@kb-labs/contracts';
import type { EndedRunQuery, KeptBytes, RemovedParts, StoredBlob } from '@kb-labs/ports';

import { aCreate, anEndedSummary, aSummary, aTicket, someLines } from '../some-commands.js';
import { aRunFinished, aRunStarted, aStepFinished } from '../some-events.js';
import { present } from './expectations.js';
import { endRun, fenceOf, freshRunId, joinWorker, openRunIn, take } from './store-steps.js';
import type { ConformanceCase, StorePorts, StoreUnderTest } from './suite.js';

const PARTS: readonly RemovedParts[] = ['log', 'artifacts', 'run'];
const NOTHING: KeptBytes = { journal: 0, log: 0, artifacts: 0 };

export const RETENTION_CASES: readonly ConformanceCase<StoreUnderTest>[] = [
  {
    name: 'lists the runs of a tenant that have ended, those that ended first at the front',
    async run(store) {
      const [late, early, other] = [await endedRun(store, { at: 30 }), await endedRun(store, { at: 10 }), await endedRun(store, { tenant: 'acme', at: 20 })];
      const [second, third] = [await endedRun(store, { at: 20 }), await endedRun(store, { at: 20 })];
      await openRunIn(store, { tenant: 'default' });
      assert.deepEqual(await listed(store, { tenant: 'default' }), [early, second, third, late]);
      assert.deepEqual(await listed(store, { tenant: 'default', before: 20 }), [early]);
      assert.deepEqual(await listed(store, { tenant: 'default', before: 21, limit: 2 }), [early, second]);
      assert.deepEqual(await listed(store, { tenant: 'default', limit: 0 }), []);
      assert.deepEqual(await listed(store, { tenant: 'acme' }), [other]);
      assert.deepEqual(await listed(store, { tenant: 'none' }), []);
      const [kept] = await store.retention.endedRuns({ tenant: 'acme', limit: 1 });
      assert.deepEqual(kept?.summary, await store.catalog.getRun(other));
      assert.deepEqual(await store.retention.tenants(), ['acme', 'default']);
    },
  },
  {
    name: 'goes on behind a run that has ended, among those that ended at the same instant too, and though it is gone',
    async run(store) {
      const runs = [];
      for (const at of [10, 20, 20, 20, 30]) runs.push(await endedRun(store, { at, log: ['line'], blobs: [blob('a', 3)] }));
      await endedRun(store, { tenant: 'acme', at: 20 });
      const [first, second, third, , last] = runs.map((id, index) => ({ id, endedAt: [10, 20, 20, 20, 30][index] ?? 0 }));
      for (const part of [{}, { with: 'log' as const }, { with: 'artifacts' as const }]) {
        assert.deepEqual(await listed(store, { tenant: 'default', ...part, after: present(first) }), runs.slice(1));
        assert.deepEqual(await listed(store, { tenant: 'default', ...part, after: present(second), limit: 2 }), runs.slice(2, 4));
        assert.deepEqual(await listed(store, { tenant: 'default', ...part, after: present(third), before: 30 }), runs.slice(3, 4));
        assert.deepEqual(await listed(store, { tenant: 'default', ...part, after: present(third), before: 20 }), []);
        assert.deepEqual(await listed(store, { tenant: 'default', ...part, after: present(last) }), []);
      }
      const kept = await store.retention.endedRuns({ tenant: 'default', limit: 9 });
      assert.deepEqual(kept.map(({ endedAt }) => endedAt), [10, 20, 20, 20, 30]);
      await store.retention.remove(present(runs[2]), 'run');
      assert.deepEqual(await listed(store, { tenant: 'default', after: present(third) }), runs.slice(3));
      assert.deepEqual(await listed(store, { tenant: 'default', after: present(second) }), runs.slice(3));
    },
  },
  {
    name: 'knows how much runs that have ended take up, each and by tenant',
    async run(store) {
      const open = await openRunIn(store, { tenant: 'acme' });
      await writeLog(store, open, 'open');
      assert.deepEqual(await store.retention.usage('acme'), NOTHING);
      const one = await endedRun(store, { tenant: 'acme', log: ['grüße', ''], blobs: [blob('a', 100), blob('b', 20), blob('a', 100)] });
      const two = await endedRun(store, { tenant: 'acme', blobs: [blob('a', 100)] });
      const bytes = await bytesOf(store, one);
      assert.deepEqual(bytes, { journal: await journalBytes(store, one), log: 9, artifacts: 120 });
      assert.deepEqual(await bytesOf(store, two), { journal: await journalBytes(store, two), log: 0, artifacts: 100 });
      assert.deepEqual(await store.retention.usage('acme'), { journal: bytes.journal + (await journalBytes(store, two)), log: 9, artifacts: 220 });
      assert.deepEqual(await store.retention.usage('default'), NOTHING);
      const atOnce = freshRunId();
      await store.log.create(aCreate(atOnce, { events: [aRunStarted(), aRunFinished()], summary: { ...anEndedSummary(atOnce), tenant: 'quick' }, blobs: [blob('c', 5)] }));
      assert.deepEqual(await store.retention.usage('quick'), { journal: await journalBytes(store, atOnce), log: 0, artifacts: 5 });
      assert.deepEqual(await listed(store, { tenant: 'quick', with: 'artifacts' }), [atOnce]);
    },
  },
  {
    name: 'removes the log of a run and says when; the rest of the run stays',
    async run(store) {
      const [runId, other] = [await endedRun(store, { log: ['line'], blobs: [blob('a', 3)] }), await endedRun(store, { log: ['other'] })];
      const [before, events] = [await store.catalog.getRun(runId), await store.log.read(runId, 0)];
      await store.clock.advance(5_000);
      assert.deepEqual(await listed(store, { tenant: 'default', with: 'log' }), [runId, other]);
      assert.equal(await store.retention.remove(runId, 'log'), true);
      assert.deepEqual(await store.logs.read(runId, { limit: 9 }), { lines: [], cursor: 0, more: false });
      assert.equal(await store.logs.lastLine(runId, 'main', 'step-1'), 0);
      assert.deepEqual(await store.catalog.getRun(runId), { ...before, logRemovedAt: store.clock.now() });
      assert.deepEqual(await store.catalog.listRuns({ limit: 1, before: other }), [{ ...before, logRemovedAt: store.clock.now() }]);
      assert.deepEqual(await store.log.read(runId, 0), events);
      assert.deepEqual(await listed(store, { tenant: 'default', with: 'log' }), [other]);
      assert.deepEqual(await listed(store, { tenant: 'default', with: 'artifacts' }), [runId]);
      assert.deepEqual(await bytesOf(store, runId), { journal: await journalBytes(store, runId), log: 0, artifacts: 3 });
      assert.equal((await store.retention.usage('default')).log, 6);
      assert.equal((await store.logs.read(other, { limit: 9 })).lines.length, 1);
    },
  },
  {
    name: 'removes what a run refers to and says when; the rest of the run stays',
    async run(store) {
      const runId = await endedRun(store, { log: ['line'], blobs: [blob('a', 3), blob('b', 4)] });
      const [before, events] = [await store.catalog.getRun(runId), await store.log.read(runId, 0)];
      assert.equal(await store.retention.remove(runId, 'artifacts'), true);
      assert.deepEqual(await store.catalog.getRun(runId), { ...before, artifactsRemovedAt: store.clock.now() });
      assert.deepEqual(await store.log.read(runId, 0), events);
      assert.equal((await store.logs.read(runId, { limit: 9 })).lines.length, 1);
      assert.deepEqual(await listed(store, { tenant: 'default', with: 'artifacts' }), []);
      assert.deepEqual(await listed(store, { tenant: 'default', with: 'log' }), [runId]);
      assert.deepEqual(await store.retention.usage('default'), { journal: await journalBytes(store, runId), log: 5, artifacts: 0 });
    },
  },
  {
    name: 'removes a run so that it is as if it had never been, for every process',
    async run(store) {
      const left = await endedRun(store, { log: ['line'], blobs: [blob('a', 3)] });
      const runId = await endedRun(store, { tenant: 'gone', log: ['line'], blobs: [blob('b', 3)], last: { enqueue: (id) => [aTicket(id, { job: AFTER_END }), aTicket(id, { job: 'held' })] } });
      const worker = await joinWorker(store, runId);
      const [lease] = await take(store, worker, 1);
      assert.equal(await store.retention.remove(runId, 'run'), true);
      for (const { catalog, log, logs, queue, retention } of [store, await store.second()]) {
        assert.equal(await catalog.getRun(runId), undefined);
        assert.deepEqual(await log.read(runId, 0), []);
        assert.deepEqual(await logs.read(runId, { limit: 9 }), { lines: [], cursor: 0, more: false });
        assert.deepEqual(await queue.ticketsOf(runId), []);
        assert.deepEqual((await catalog.listRuns({ limit: 9 })).map((run) => run.id), [left]);
        for (const query of [{ tenant: 'gone' }, { workflowId: 'example', tenant: 'gone' }, { status: 'success' as const, tenant: 'gone' }]) {
          assert.deepEqual(await catalog.listRuns({ ...query, limit: 9 }), []);
        }
        assert.deepEqual(await retention.endedRuns({ tenant: 'gone', limit: 9 }), []);
        assert.deepEqual(await retention.usage('gone'), NOTHING);
        assert.deepEqual(await retention.tenants(), ['default']);
      }
      assert.deepEqual(await store.log.append({ runId, at: 1, events: [aStepFinished()] }), { ok: false, refused: 'absent' });
      assert.equal(await store.queue.ensure([aTicket(runId)]), 0);
      await store.queue.discard([present(lease)]);
      assert.deepEqual(await store.queue.counts(), { held: 0, due: 0, later: 0 });
      assert.equal((await store.logs.read(left, { limit: 9 })).lines.length, 1);
      assert.deepEqual(await store.retention.usage('default'), await bytesOf(store, left));
    },
  },
  {
    name: 'answers the key of a run that was removed with its id, until the time of the key is over',
    async run(store) {
      const [runId, again] = [freshRunId(), freshRunId()];
      const idempotency = { key: 'k', digest: 'd', keepUntil: 1_000 };
      await store.log.create(aCreate(runId, { idempotency }));
      await endRun(store, runId);
      await store.retention.remove(runId, 'run');
      assert.deepEqual(await store.log.create(aCreate(again, { at: 999, idempotency })), { ok: true, runId, repeated: true });
      assert.deepEqual(await store.log.create(aCreate(again, { at: 999, idempotency: { ...idempotency, digest: 'other' } })), { ok: false, refused: 'key-conflict' });
      assert.equal(await store.catalog.getRun(runId), undefined);
      assert.deepEqual(await store.log.create(aCreate(again, { at: 1_001, idempotency })), { ok: true, runId: again, repeated: false });
    },
  },
  {
    name: 'removes nothing of a run that is open or not there',
    async run(store) {
      const runId = await openRunIn(store, {});
      await writeLog(store, runId, 'line');
      for (const parts of PARTS) {
        assert.equal(await store.retention.remove(runId, parts), false);
        assert.equal(await store.retention.remove(freshRunId(), parts), false);
      }
      assert.deepEqual(await store.catalog.getRun(runId), aSummary(runId));
      assert.equal((await store.logs.read(runId, { limit: 9 })).lines.length, 1);
    },
  },
  {
    name: 'removes what is removed already once more, by many at once, and counts it once',
    async run(store) {
      const left = await endedRun(store, { log: ['left'], blobs: [blob('a', 3)] });
      const other = await store.second();
      for (const parts of PARTS) {
        const runId = await endedRun(store, { log: ['line'], blobs: [blob('a', 3), blob('b', 4)] });
        const answers = await Promise.all([store, other, store, other].map((each) => each.retention.remove(runId, parts)));
        assert.equal(answers.includes(true), true);
        assert.equal(await store.retention.remove(runId, parts), parts !== 'run');
        await store.retention.remove(runId, 'run');
        assert.deepEqual(await store.retention.usage('default'), await bytesOf(store, left));
      }
      assert.deepEqual(await listed(store, { tenant: 'default' }), [left]);
    },
  },
];

export function blob(letter: string, bytes: number): StoredBlob {
  return { digest: `sha256:${letter.repeat(64)}`, bytes };
}

interface Ended {
  readonly tenant?: string;
  readonly at?: number;
  readonly log?: readonly string[];
  readonly blobs?: readonly StoredBlob[];
  readonly last?: { readonly enqueue: (runId: RunId) => ReturnType<typeof aTicket>[] };
}

export async function endedRun(store: StorePorts, { tenant = 'default', at = 2, log = [], blobs = [], last }: Ended): Promise<RunId> {
  const runId = await openRunIn(store, { tenant });
  for (const text of log) await writeLog(store, runId, text);
  if (blobs.length > 0) await store.log.append({ runId, at: 1, events: [aStepFinished({ outputs: { text: 'grüße' } })], blobs });
  await endRun(store, runId, { summary: { ...anEndedSummary(runId), tenant, finishedAt: at }, enqueue: last?.enqueue(runId) ?? [] });
  return runId;
}

async function writeLog(store: StorePorts, runId: RunId, text: string): Promise<void> {
  const n = (await store.logs.lastLine(runId, 'main', 'step-1')) + 1;
  await store.queue.ensure([aTicket(runId)]);
  const worker = await joinWorker(store, runId);
  const lease = present((await take(store, worker, 1))[0]);
  assert.equal(await store.logs.append(runId, fenceOf(lease), someLines({ from: n, to: n }, { text })), true);
  await store.queue.leave(worker);
}

async function listed(store: StorePorts, query: Partial<EndedRunQuery> & { tenant: string }): Promise<string[]> {
  return (await store.retention.endedRuns({ limit: 100, ...query })).map((run) => run.summary.id);
}

async function bytesOf(store: StorePorts, runId: RunId): Promise<KeptBytes> {
  const tenant = present(await store.catalog.getRun(runId)).tenant;
  return present((await store.retention.endedRuns({ tenant, limit: 100 })).find((run) => run.summary.id === runId)).bytes;
}

async function journalBytes(store: StorePorts, runId: RunId): Promise<number> {
  const events = await store.log.read(runId, 0);
  return events.reduce((sum, { seq: _seq, at: _at, ...body }) => sum + Buffer.byteLength(JSON.stringify(body)), 0);
}
