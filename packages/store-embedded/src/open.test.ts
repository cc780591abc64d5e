import { chmodSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { aCreate, aStepFinished, countingIds, fakeClock } from '@kb-labs/testkit';
import { describe, expect, it } from 'vitest';

import { Connection } from './connection.js';
import { openEmbeddedStore } from './index.js';
import { migrate } from './migrate.js';
import { MIGRATIONS } from './schema.js';
import { temporaryDir } from './temporary-dir.fixture.js';
import { pagesOfCommits } from './wal-commits.fixture.js';

const ids = countingIds();
const clock = fakeClock();

describe('the file', () => {
  it('is made with its folders, for its owner only', async () => {
    const dir = join(temporaryDir(), 'a', 'state');
    const store = await openEmbeddedStore({ dir, clock });
    await store.log.create(aCreate(ids.runId()));
    expect([dir, join(dir, '..')].map(modeOf)).toEqual([0o700, 0o700]);
    expect(readdirSync(dir).sort()).toEqual(['state.db', 'state.db-shm', 'state.db-wal']);
    expect(readdirSync(dir).map((name) => modeOf(join(dir, name)))).toEqual([0o600, 0o600, 0o600]);
    await store.close();
  });

  it('is closed to others again when it was open to them', async () => {
    const dir = temporaryDir();
    await (await openEmbeddedStore({ dir, clock })).close();
    chmodSync(join(dir, 'state.db'), 0o644);
    await (await openEmbeddedStore({ dir, clock })).close();
    expect(modeOf(join(dir, 'state.db'))).toBe(0o600);
  });

  it('stands alone once the last of several users has closed', async () => {
    const dir = temporaryDir();
    const [first, second] = [await openEmbeddedStore({ dir, clock }), await openEmbeddedStore({ dir, clock })];
    const runId = ids.runId();
    await first.log.create(aCreate(runId));
    await first.close();
    expect(await second.catalog.getRun(runId)).toBeDefined();
    await second.close();
    expect(readdirSync(dir)).toEqual(['state.db']);
  });

  it('syncs every commit to the disk', async () => {
    const dir = temporaryDir();
    const store = await openEmbeddedStore({ dir, clock });
    const connection = new Connection(join(dir, 'state.db'));
    expect(connection.get('PRAGMA journal_mode')).toEqual({ journal_mode: 'wal' });
    expect(connection.get('PRAGMA synchronous')).toEqual({ synchronous: 2 });
    connection.close();
    await store.close();
  });
});

it('writes its log back after 4,000 pages, and keeps it below 16 MiB', async () => {
  const [dir, runId] = [temporaryDir(), ids.runId()];
  const store = await openEmbeddedStore({ dir, clock });
  await store.log.create(aCreate(runId));
  const append = (kib: number): Promise<unknown> => store.log.append({ runId, at: 1, events: [aStepFinished({ outputs: { text: 'x'.repeat(kib * 1_024) } })] });
  const before = statSync(join(dir, 'state.db')).size;
  for (let pages = 0; pages < 3_750; pages += 250) await append(996);
  expect([statSync(join(dir, 'state.db')).size, pagesOfCommits(dir).reduce((sum, pages) => sum + pages) > 3_750]).toEqual([before, true]);
  for (let pages = 0; pages < 500; pages += 250) await append(996);
  expect(statSync(join(dir, 'state.db')).size).toBeGreaterThan(before + 3_750 * 4_096);
  for (let pages = 0; pages < 4_500; pages += 250) await append(996);
  expect(statSync(join(dir, 'state.db-wal')).size).toBeLessThan(16 * 1_024 * 1_024 + 300 * 4_120);
  await store.close();
});

describe('opening', () => {
  it('refuses a file that is no database, or is damaged', async () => {
    const dir = temporaryDir();
    writeFileSync(join(dir, 'state.db'), 'not a database, but long enough to be looked at as one'.repeat(100));
    await expect(openEmbeddedStore({ dir, clock })).rejects.toMatchObject({ code: 'STATE_CORRUPT' });
  });

  it('refuses a database of another program', async () => {
    const dir = temporaryDir();
    const other = new DatabaseSync(join(dir, 'state.db'));
    other.exec('CREATE TABLE theirs (a)');
    other.close();
    await expect(openEmbeddedStore({ dir, clock })).rejects.toMatchObject({ code: 'STATE_SCHEMA' });
  });

  it('refuses tables of a newer version, and leaves them as they are', async () => {
    const dir = temporaryDir();
    await (await openEmbeddedStore({ dir, clock })).close();
    const newer = new DatabaseSync(join(dir, 'state.db'));
    newer.exec('PRAGMA user_version = 999');
    newer.close();
    await expect(openEmbeddedStore({ dir, clock })).rejects.toMatchObject({
      code: 'STATE_SCHEMA',
      details: { problem: expect.stringContaining('999') as string },
    });
    expect(new DatabaseSync(join(dir, 'state.db')).prepare('PRAGMA user_version').get()).toEqual({ user_version: 999 });
  });

  it('says that its folder cannot be used', async () => {
    const dir = temporaryDir();
    writeFileSync(join(dir, 'file'), '');
    await expect(openEmbeddedStore({ dir: join(dir, 'file', 'state'), clock })).rejects.toMatchObject({ code: 'STATE_UNAVAILABLE' });
    mkdirSync(join(dir, 'folder', 'state.db'), { recursive: true });
    await expect(openEmbeddedStore({ dir: join(dir, 'folder'), clock })).rejects.toMatchObject({ code: 'STATE_UNAVAILABLE' });
  });

  it('works for many at once on a new file', async () => {
    const dir = temporaryDir();
    const stores = await Promise.all(Array.from({ length: 5 }, () => openEmbeddedStore({ dir, clock })));
    for (const store of stores) await store.log.create(aCreate(ids.runId()));
    expect(await stores[0]?.catalog.listRuns({ limit: 10 })).toHaveLength(5);
    for (const store of stores) await store.close();
  });
});

describe('migrating', () => {
  const newest = MIGRATIONS.length;
  const added = { to: newest + 1, sql: 'CREATE TABLE added (a); INSERT INTO added SELECT id FROM run' };

  it('adds what a newer version needs to tables that hold something', async () => {
    const dir = temporaryDir();
    const store = await openEmbeddedStore({ dir, clock });
    const runId = ids.runId();
    await store.log.create(aCreate(runId));
    await store.close();
    const connection = new Connection(join(dir, 'state.db'));
    migrate(connection, [...MIGRATIONS, added]);
    migrate(connection, [...MIGRATIONS, added]);
    expect(connection.all('SELECT a FROM added')).toEqual([{ a: runId }]);
    expect(connection.get('PRAGMA user_version')).toEqual({ user_version: newest + 1 });
    connection.close();
  });

  it('changes nothing when a step of it fails', () => {
    const connection = new Connection(join(temporaryDir(), 'state.db'));
    migrate(connection);
    const tables = connection.all('SELECT name FROM sqlite_schema');
    expect(() => migrate(connection, [...MIGRATIONS, added, { to: newest + 2, sql: 'CREATE TABLE run (twice)' }])).toThrow(/already exists/);
    expect(connection.all('SELECT name FROM sqlite_schema')).toEqual(tables);
    expect(connection.get('PRAGMA user_version')).toEqual({ user_version: newest });
    connection.close();
  });
});

function modeOf(path: string): number {
  return statSync(path).mode & 0o777;
}
