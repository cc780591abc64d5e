import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';

import { aCreate, aStepStarted, countingIds, fakeClock, someLines } from '@kb-labs/testkit';
import { expect, it } from 'vitest';

import { type Changes, CommitGroup } from './commit-group.js';
import { Connection } from './connection.js';
import { openEmbeddedStore } from './index.js';
import { temporaryDir } from './temporary-dir.fixture.js';
import { countCommits } from './wal-commits.fixture.js';

const ids = countingIds();

it('makes one commit of all writes of a turn, and one of a write on its own', async () => {
  const dir = temporaryDir();
  const store = await openEmbeddedStore({ dir, clock: fakeClock() });
  const runId = ids.runId();
  const start = countCommits(dir);
  await store.log.create(aCreate(runId));
  expect(countCommits(dir)).toBe(start + 1);
  await Promise.all(Array.from({ length: 100 }, () => store.log.append({ runId, at: 1, events: [aStepStarted()] })));
  expect(countCommits(dir)).toBe(start + 2);
  for (let index = 0; index < 3; index += 1) await store.log.append({ runId, at: 1, events: [aStepStarted()] });
  expect(countCommits(dir)).toBe(start + 5);
  await store.close();
});

it('writes nothing for a call that is refused, or finds nothing to do', async () => {
  const dir = temporaryDir();
  const store = await openEmbeddedStore({ dir, clock: fakeClock() });
  const worker = ids.workerId();
  await store.queue.join({ id: worker });
  const start = countCommits(dir);
  await store.log.append({ runId: ids.runId(), at: 1, events: [aStepStarted()] });
  await store.queue.take(worker, { limit: 1, leaseMs: 1 });
  expect(countCommits(dir)).toBe(start);
  await store.close();
});

it('keeps a write that fails from taking others of its commit along', async () => {
  const dir = temporaryDir();
  const store = await openEmbeddedStore({ dir, clock: fakeClock() });
  const [runId, worker] = [ids.runId(), ids.workerId()];
  await store.log.create(aCreate(runId, { enqueue: [{ runId, job: 'main', attempt: 1, turn: 0, notBefore: 0 }] }));
  await store.queue.join({ id: worker });
  const [lease] = await store.queue.take(worker, { limit: 1, leaseMs: 1_000 });
  if (lease === undefined) throw new Error('no lease');
  const fence = { ticket: lease.id, token: lease.token };
  const results = await Promise.allSettled([
    store.logs.append(runId, fence, someLines({ from: 1, to: 2 })),
    store.logs.append(runId, fence, [...someLines({ from: 3, to: 4 }), ...someLines({ from: 9, to: 9 })]),
    store.logs.append(runId, fence, someLines({ from: 3, to: 3 })),
    store.log.append({ runId, at: 1, expected: 0, events: [aStepStarted()] }),
    store.log.append({ runId, at: 1, expected: 1, events: [aStepStarted()] }),
  ]);
  expect(results.map((result) => (result.status === 'fulfilled' ? result.value : (result.reason as { code: string }).code))).toEqual([
    true,
    'STATE_CORRUPT',
    true,
    { ok: false, refused: 'conflict' },
    { ok: true, seq: 2 },
  ]);
  expect((await store.logs.read(runId, { limit: 10 })).lines).toEqual(someLines({ from: 1, to: 3 }));
  await store.close();
});

it('does anew what came before and after a write that fails, in their order', async () => {
  const connection = new Connection(join(temporaryDir(), 'state.db'));
  connection.exec('CREATE TABLE kept (n INTEGER NOT NULL)');
  const told: Changes[] = [];
  const group = new CommitGroup(connection, fakeClock(), (changes) => told.push(changes));
  const writes = [1, null, 2, 3, null, null, 4].map((n) =>
    group.write(() => {
      connection.run('INSERT INTO kept (n) VALUES (10)');
      connection.run('INSERT INTO kept (n) VALUES (?)', n);
    }),
  );
  expect((await Promise.allSettled(writes)).map(({ status }) => status === 'fulfilled')).toEqual([true, false, true, true, false, false, true]);
  expect(connection.all<{ n: number }>('SELECT n FROM kept ORDER BY rowid').map(({ n }) => n)).toEqual([10, 1, 10, 2, 10, 3, 10, 4]);
  expect(told).toHaveLength(3);
  connection.close();
});

it('waits while another process writes, and carries the write out afterwards', async () => {
  const dir = temporaryDir();
  const clock = fakeClock();
  const store = await openEmbeddedStore({ dir, clock });
  const other = lockFile(dir);
  const runId = ids.runId();
  const creating = store.log.create(aCreate(runId));
  await clock.advance(9_000);
  expect(await store.catalog.getRun(runId)).toBeUndefined();
  other.exec('COMMIT');
  await clock.advance(100);
  expect(await creating).toEqual({ ok: true, runId, repeated: false });
  other.close();
  await store.close();
});

it('gives up on a file that stays locked for ten seconds, and does not carry the write out later', async () => {
  const dir = temporaryDir();
  const clock = fakeClock();
  const store = await openEmbeddedStore({ dir, clock });
  const other = lockFile(dir);
  const [late, later] = [ids.runId(), ids.runId()];
  const refused = expect(store.log.create(aCreate(late))).rejects.toMatchObject({ code: 'STATE_BUSY' });
  await clock.advance(5_000);
  const accepted = store.log.create(aCreate(later));
  await clock.advance(5_100);
  await refused;
  other.exec('COMMIT');
  await clock.advance(100);
  expect((await accepted).ok).toBe(true);
  expect(await store.catalog.getRun(late)).toBeUndefined();
  expect(clock.timers).toBe(0);
  other.close();
  await store.close();
});

it('finishes what was asked for before it closes, and refuses what comes after', async () => {
  const dir = temporaryDir();
  const clock = fakeClock();
  const store = await openEmbeddedStore({ dir, clock });
  const runId = ids.runId();
  const creating = store.log.create(aCreate(runId));
  await Promise.all([store.close(), store.close()]);
  expect((await creating).ok).toBe(true);
  await expect(store.log.create(aCreate(ids.runId()))).rejects.toMatchObject({ code: 'STATE_UNAVAILABLE' });
  await expect(store.catalog.getRun(runId)).rejects.toMatchObject({ code: 'STATE_UNAVAILABLE' });
  const again = await openEmbeddedStore({ dir, clock });
  expect((await again.catalog.getRun(runId))?.id).toBe(runId);
  await again.close();
});

/** What a process in the middle of a long transaction looks like from here. */
function lockFile(dir: string): DatabaseSync {
  const other = new DatabaseSync(join(dir, 'state.db'));
  other.exec('BEGIN IMMEDIATE');
  return other;
}
