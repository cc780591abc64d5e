import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import type { RunEventBody, RunId } from '@kb-labs/contracts';
import { aCreate, anEndedSummary, aRunFinished, aRunStarted, aStepStarted, countingIds, fakeClock } from '@kb-labs/testkit';
import fc from 'fast-check';
import { expect, it } from 'vitest';

import { type EmbeddedStore, openEmbeddedStore } from './index.js';
import { temporaryDir } from './temporary-dir.fixture.js';

const ids = countingIds();
const clock = fakeClock();

it('refuses a journal of a version it does not know, for reading and for writing', async () => {
  const { store, runId } = await storeWithRun([{ ...aRunStarted(), schema: 2 } as unknown as RunEventBody]);
  await expect(store.log.read(runId, 0)).rejects.toMatchObject({ code: 'STATE_SCHEMA' });
  await expect(store.log.read(runId, 99)).rejects.toMatchObject({ code: 'STATE_SCHEMA' });
  await expect(store.log.append({ runId, at: 1, events: [aStepStarted()] })).rejects.toMatchObject({ code: 'STATE_SCHEMA' });
  expect((await store.catalog.getRun(runId))?.id).toBe(runId);
  await store.close();
});

it('refuses to open a journal that does not begin with run.started', async () => {
  const store = await openEmbeddedStore({ dir: temporaryDir(), clock });
  await expect(store.log.create(aCreate(ids.runId(), { events: [aStepStarted()] }))).rejects.toMatchObject({ code: 'INTERNAL' });
  expect(await store.catalog.listRuns({ limit: 1 })).toEqual([]);
  await store.close();
});

it('reports an event that cannot be read, or is missing, instead of passing over it', async () => {
  const { store, runId, dir } = await storeWithRun([aRunStarted()]);
  for (const at of [2, 3]) await store.log.append({ runId, at, events: [aStepStarted()] });
  change(dir, `UPDATE entry SET events = '[{"type":' WHERE at = 2`);
  await expect(store.log.read(runId, 0)).rejects.toMatchObject({ code: 'STATE_CORRUPT' });
  expect(await store.log.read(runId, 2)).toHaveLength(1);
  change(dir, 'DELETE FROM entry WHERE at = 2');
  await expect(store.log.read(runId, 0)).rejects.toMatchObject({ code: 'STATE_CORRUPT' });
  await expect(store.log.read(runId, 1)).rejects.toMatchObject({ code: 'STATE_CORRUPT' });
  change(dir, 'DELETE FROM opening');
  await expect(store.log.read(runId, 0)).rejects.toMatchObject({ code: 'STATE_CORRUPT' });
  await store.close();
});

it('reads from the middle of what one append wrote, and no more than was asked for', async () => {
  const { store, runId } = await storeWithRun([aRunStarted(), aStepStarted(), aStepStarted()]);
  await store.log.append({ runId, at: 2, events: [aStepStarted(), aRunFinished()] });
  const read = async (after: number, limit?: number): Promise<unknown> => (await store.log.read(runId, after, limit)).map(({ seq, at, type }) => [seq, at, type]);
  expect(await read(1, 3)).toEqual([[2, 0, 'step.started'], [3, 0, 'step.started'], [4, 2, 'step.started']]);
  expect(await read(4)).toEqual([[5, 2, 'run.finished']]);
  expect([await read(5), await read(2, 0)]).toEqual([[], []]);
  expect([await read(0, 1), await read(3, 1)]).toEqual([[[1, 0, 'run.started']], [[4, 2, 'step.started']]]);
  await store.close();
});

it('leaves nothing of a journal that is removed', async () => {
  const { store, runId, dir } = await storeWithRun([aRunStarted()]);
  await store.log.append({ runId, at: 1, events: [aRunFinished()], summary: anEndedSummary(runId) });
  expect([count(dir, 'opening'), count(dir, 'entry')]).toEqual([1, 1]);
  expect(await store.retention.remove(runId, 'run')).toBe(true);
  expect([count(dir, 'opening'), count(dir, 'entry')]).toEqual([0, 0]);
  await store.close();
});

it('forgets idempotency keys some time after their time is over, a few at once', async () => {
  const dir = temporaryDir();
  const store = await openEmbeddedStore({ dir, clock });
  const create = (key: string, at: number): Promise<unknown> =>
    store.log.create(aCreate(ids.runId(), { at, idempotency: { key, digest: 'd', keepUntil: at + 10 } }));
  for (let index = 0; index < 40; index += 1) await create(`old ${String(index)}`, 0);
  expect(count(dir, 'idempotency')).toBe(40);
  expect(await create('old 0', 11)).toMatchObject({ repeated: false });
  expect(count(dir, 'idempotency')).toBe(25);
  for (const key of ['new 1', 'new 2']) await create(key, 11);
  expect(count(dir, 'idempotency')).toBe(3);
  await store.close();
});

it('knows the number of open runs, whatever opens and ends them', async () => {
  const dir = temporaryDir();
  const store = await openEmbeddedStore({ dir, clock });
  const act = fc.record({ end: fc.boolean(), again: fc.boolean(), run: fc.nat({ max: 9 }) });
  await fc.assert(
    fc.asyncProperty(fc.array(act, { maxLength: 12 }), async (acts) => {
      const runs = [ids.runId()];
      for (const { end, again, run } of acts) {
        const runId = runs[run % runs.length] ?? ids.runId();
        if (end) await store.log.append({ runId, at: 1, events: [aRunFinished()], summary: anEndedSummary(runId) });
        else await store.log.create(aCreate(again ? runId : (runs[runs.push(ids.runId()) - 1] ?? runId)));
      }
      const open = (await store.catalog.openRuns({ limit: 10_000 })).length;
      const next = aCreate(ids.runId(), { maxOpenRuns: open });
      expect(await store.log.create(next)).toEqual({ ok: false, refused: 'full' });
      expect((await store.log.create({ ...next, maxOpenRuns: open + 1 })).ok).toBe(true);
    }),
    { numRuns: 25 },
  );
  await store.close();
});

async function storeWithRun(events: readonly RunEventBody[]): Promise<{ store: EmbeddedStore; runId: RunId; dir: string }> {
  const dir = temporaryDir();
  const store = await openEmbeddedStore({ dir, clock });
  const runId = ids.runId();
  await store.log.create(aCreate(runId, { events }));
  return { store, runId, dir };
}

function change(dir: string, sql: string): void {
  const database = new DatabaseSync(join(dir, 'state.db'));
  database.exec(sql);
  database.close();
}

function count(dir: string, table: string): unknown {
  const database = new DatabaseSync(join(dir, 'state.db'));
  const row = database.prepare(`SELECT count(*) AS n FROM ${table}`).get();
  database.close();
  return row?.['n'];
}
