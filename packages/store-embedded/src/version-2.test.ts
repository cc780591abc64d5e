import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SQLInputValue } from 'node:sqlite';

import { AFTER_END, type RunId, toRunId } from '@kb-labs/contracts';
import { fakeClock } from '@kb-labs/testkit';
import { expect, it } from 'vitest';

import { Connection } from './connection.js';
import { type EmbeddedStore, openEmbeddedStore } from './index.js';
import { migrate } from './migrate.js';
import { MIGRATIONS } from './schema.js';
import { temporaryDir } from './temporary-dir.fixture.js';

const [open, done, bare, rerun] = [1, 2, 3, 4].map((n) => toRunId(String(n).padStart(26, '0'))) as [RunId, RunId, RunId, RunId];
const digestOf = (letter: string): string => `sha256:${letter.repeat(64)}`;

/** The rows of every table as the last program left them that knew version 2. */
function openVersion2(): Promise<EmbeddedStore> {
  const dir = temporaryDir();
  const old = new Connection(join(dir, 'state.db'));
  migrate(old, MIGRATIONS.slice(0, 2));
  const tables = JSON.parse(readFileSync(new URL('./version-2.json', import.meta.url), 'utf8')) as Record<string, Record<string, SQLInputValue>[]>;
  for (const [table, rows] of Object.entries(tables)) {
    for (const row of rows) {
      const columns = Object.keys(row);
      old.run(`INSERT OR REPLACE INTO ${table} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`, ...Object.values(row));
    }
  }
  old.close();
  return openEmbeddedStore({ dir, clock: fakeClock() });
}

it('knows of the runs of version 2 whose they are, when they ended and how much they take up', async () => {
  const store = await openVersion2();
  expect((await store.catalog.listRuns({ tenant: 'acme', limit: 9 })).map((run) => run.id)).toEqual([done, open]);
  expect((await store.catalog.listRuns({ tenant: 'default', workflowId: 'example', status: 'success', limit: 9 })).map((run) => run.id)).toEqual([bare]);
  expect((await store.catalog.listWaits({ tenant: 'acme', limit: 9 })).map((wait) => [wait.runId, wait.name])).toEqual([[open, 'go']]);
  expect(await store.retention.tenants()).toEqual(['acme', 'default']);
  const [kept] = await store.retention.endedRuns({ tenant: 'acme', with: 'log', limit: 9 });
  const events = await store.log.read(done, 0);
  const journal = events.reduce((sum, { seq: _seq, at: _at, ...body }) => sum + Buffer.byteLength(JSON.stringify(body)), 0);
  expect([kept?.summary.id, kept?.bytes]).toEqual([done, { journal, log: 16, artifacts: 123 }]);
  expect(await store.retention.usage('acme')).toEqual(kept?.bytes);
  expect((await store.retention.endedRuns({ tenant: 'default', before: 25, limit: 9 })).map((run) => run.summary.id)).toEqual([bare]);
  expect(await store.retention.endedRuns({ tenant: 'default', with: 'artifacts', limit: 9 })).toEqual([]);
  await store.close();
});

it('goes on with the runs of version 2, and removes them', async () => {
  const store = await openVersion2();
  const summary = await store.catalog.getRun(open);
  if (summary === undefined) throw new Error('the open run is gone');
  const ended = { ...summary, status: 'success' as const, finishedAt: 50 };
  expect(await store.log.append({ runId: open, at: 50, events: [{ type: 'run.finished', status: 'success', outputs: {} }], summary: ended })).toEqual({ ok: true, seq: 3 });
  expect((await store.retention.endedRuns({ tenant: 'acme', limit: 9 })).map((run) => [run.summary.id, run.bytes.log, run.bytes.artifacts])).toEqual([
    [done, 16, 123],
    [open, 14, 100],
  ]);
  expect((await store.queue.ticketsOf(done)).map((ticket) => ticket.job)).toEqual([AFTER_END]);
  for (const runId of [open, done, bare]) expect(await store.retention.remove(runId, 'run')).toBe(true);
  expect(await store.retention.usage('acme')).toEqual({ journal: 0, log: 0, artifacts: 0 });
  // What the open rerun may keep of the earlier run stays in use.
  expect((await store.retention.unusedBlobs({ before: Number.MAX_SAFE_INTEGER, limit: 9 })).sort()).toEqual([digestOf('a'), digestOf('b')]);
  expect(await store.retention.forgetBlobs(['a', 'b', 'c', 'd'].map(digestOf))).toEqual([digestOf('c'), digestOf('d')]);
  expect((await store.catalog.listRuns({ limit: 9 })).map((run) => run.id)).toEqual([rerun]);
  await store.close();
});
