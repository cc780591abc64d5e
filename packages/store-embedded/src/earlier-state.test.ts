import { join } from 'node:path';

import { type RunId, toTicketId, toWorkerId } from '@kb-labs/contracts';
import { aCreate, anEndedSummary, aRunFinished, aRunStarted, aStepFinished, aStepStarted, aSummary, aTicket, countingIds, fakeClock } from '@kb-labs/testkit';
import { expect, it } from 'vitest';

import { Connection } from './connection.js';
import { openEmbeddedStore } from './index.js';
import { migrate } from './migrate.js';
import { MIGRATIONS } from './schema.js';
import { temporaryDir } from './temporary-dir.fixture.js';

const ids = countingIds();

it('goes on with what a program left that knew no trees, tenants, priorities and groups', async () => {
  const [dir, clock, runId] = [temporaryDir(), fakeClock(), ids.runId()];
  const [free, held] = [aTicket(runId, { job: 'free' }), aTicket(runId, { job: 'held' })];
  const first = new Connection(join(dir, 'state.db'));
  migrate(first, MIGRATIONS.slice(0, 1));
  first.run(
    `INSERT INTO run (key, id, journal, head, decided, ended, workflow_id, status, origin, created_at) VALUES (1, ?, 1, 2, 1, 0, 'example', 'queued', ?, 0)`,
    runId,
    JSON.stringify(aSummary(runId).trigger),
  );
  first.run(`UPDATE counter SET value = 1`);
  for (const [index, event] of [aRunStarted(), aStepStarted()].entries()) {
    first.run('INSERT INTO event (run, seq, at, body) VALUES (1, ?, 7, ?)', index + 1, JSON.stringify(event));
  }
  for (const { job } of [free, held]) {
    first.run('INSERT INTO ticket (id, run_id, job, attempt, turn, not_before) VALUES (?, ?, ?, 1, 0, 0)', toTicketId(aTicket(runId, { job })), runId, job);
  }
  first.run(`UPDATE ticket SET worker = ?, token = 1, until = 9 WHERE job = 'held'`, toWorkerId('0'.repeat(26)));
  first.close();

  const store = await openEmbeddedStore({ dir, clock });
  expect(await store.catalog.listRuns({ limit: 10 })).toEqual([aSummary(runId)]);
  expect((await store.log.read(runId, 0)).map((event) => event.type)).toEqual(['run.started', 'step.started']);
  const worker = ids.workerId();
  await store.queue.join({ id: worker, scope: [runId] });
  const leases = await store.queue.take(worker, { limit: 9, leaseMs: 1_000 });
  expect(leases.map((lease) => [lease.job, lease.token])).toEqual([['free', 2], ['held', 3]]);
  for (const { id, token } of leases) {
    expect(await store.log.append({ runId, at: 8, fence: { ticket: id, token }, events: [aStepFinished()], settle: [id] })).toMatchObject({ ok: true });
  }
  expect(await store.queue.ticketsOf(runId)).toEqual([]);
  await store.close();
});

it('goes on listing the runs of all tenants that were stored when there were indexes without one', async () => {
  const dir = temporaryDir();
  const third = new Connection(join(dir, 'state.db'));
  migrate(third, MIGRATIONS.slice(0, 3));
  const runs = ['acme', 'bolt', 'acme', 'core', 'bolt', 'acme'].map((tenant, index) => ({ tenant, id: ids.runId(), status: index % 3 === 0 ? 'queued' : 'waiting' }));
  for (const { id, tenant, status } of runs) {
    third.run(
      `INSERT INTO run (id, journal, head, decided, ended, workflow_id, status, origin, created_at, root, tenant) VALUES (?, 1, 1, 1, 0, 'w', ?, '{}', 0, ?, ?)`,
      id,
      status,
      id,
      tenant,
    );
  }
  third.close();
  const store = await openEmbeddedStore({ dir, clock: fakeClock() });
  const list = async (query: object): Promise<string[]> => (await store.catalog.listRuns({ ...query, limit: 3 })).map((run) => run.id);
  const newest = runs.map(({ id }) => id).toReversed();
  expect(await list({ workflowId: 'w' })).toEqual(newest.slice(0, 3));
  expect(await list({ workflowId: 'w', before: newest[2] })).toEqual(newest.slice(3));
  expect(await list({ status: 'waiting', workflowId: 'w' })).toEqual(runs.filter(({ status }) => status === 'waiting').map(({ id }) => id).toReversed().slice(0, 3));
  expect(await store.catalog.countOpen()).toEqual({ queued: 2, waiting: 4 });
  await store.close();
});

it('goes on with journals whose first events are among the others', async () => {
  const [dir, runId, next] = [temporaryDir(), ids.runId(), ids.runId()];
  const fifth = new Connection(join(dir, 'state.db'));
  migrate(fifth, MIGRATIONS.slice(0, 5));
  fifth.run(
    `INSERT INTO run (key, id, journal, head, decided, ended, workflow_id, status, origin, created_at, root, journal_bytes) VALUES (1, ?, 1, 3, 2, 0, 'example', 'queued', '{}', 0, ?, 9)`,
    runId,
    runId,
  );
  fifth.run('UPDATE counter SET value = 1');
  for (const [last, events] of [[2, [aRunStarted(), aStepStarted()]], [3, [aStepFinished()]]] as const) {
    fifth.run('INSERT INTO entry (place, at, events) VALUES (1 << 24 | ?, 7, ?)', last, JSON.stringify(events));
  }
  fifth.close();

  const { log, retention, close } = await openEmbeddedStore({ dir, clock: fakeClock() });
  await log.create(aCreate(next));
  for (const run of [runId, next]) expect(await log.append({ runId: run, at: 8, events: [aRunFinished()], summary: anEndedSummary(run) })).toMatchObject({ ok: true });
  const read = async (run: RunId, after: number, limit?: number): Promise<string[]> => (await log.read(run, after, limit)).map(({ seq, type }) => `${String(seq)} ${type}`);
  expect(await read(runId, 0)).toEqual(['1 run.started', '2 step.started', '3 step.finished', '4 run.finished']);
  expect(await read(runId, 1, 2)).toEqual(['2 step.started', '3 step.finished']);
  expect(await read(next, 0)).toEqual(['1 run.started', '2 run.finished']);
  expect(await retention.remove(runId, 'run')).toBe(true);
  expect([await read(runId, 0), await read(next, 1)]).toEqual([[], ['2 run.finished']]);
  await close();
});

it('goes on with tickets in the order they were queued before there was a counter of them', async () => {
  const [dir, runId, worker] = [temporaryDir(), ids.runId(), ids.workerId()];
  const eighth = new Connection(join(dir, 'state.db'));
  migrate(eighth, MIGRATIONS.slice(0, 8));
  eighth.run(`INSERT INTO run (id, journal, head, decided, ended, workflow_id, status, origin, created_at, root) VALUES (?, 1, 1, 1, 0, 'w', 'queued', '{}', 0, ?)`, runId, runId);
  for (const [n, job] of [[7, 'z'], [9, 'm']] as const) {
    eighth.run('INSERT INTO ticket (n, id, run_id, root, job, attempt, turn, not_before) VALUES (?, ?, ?, ?, ?, 1, 0, 0)', n, toTicketId(aTicket(runId, { job })), runId, runId, job);
  }
  eighth.close();
  const { queue, close } = await openEmbeddedStore({ dir, clock: fakeClock() });
  expect(await queue.ensure(['m', 'b', 'a'].map((job) => aTicket(runId, { job })))).toBe(2);
  await queue.join({ id: worker });
  const take = async (): Promise<string[]> => (await queue.take(worker, { limit: 2, leaseMs: 1_000 })).map((lease) => lease.job);
  expect([await take(), await take()]).toEqual([['z', 'm'], ['b', 'a']]);
  await close();
});
