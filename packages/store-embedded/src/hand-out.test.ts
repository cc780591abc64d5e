import { join } from 'node:path';

import type { RunId } from '@kb-labs/contracts';
import type { NewTicket } from '@kb-labs/ports';
import { aTicket, countingIds } from '@kb-labs/testkit';
import { describe, expect, it } from 'vitest';

import { listClaims, placeClaims } from './claims.js';
import { noChanges } from './commit-group.js';
import { AskedConnection, wasteOf } from './asked-connection.fixture.js';
import type { Connection } from './connection.js';
import { Counters } from './counters.js';
import { dueTickets, isAnyDue, nextDueAt } from './hand-out.js';
import { migrate } from './migrate.js';
import { temporaryDir } from './temporary-dir.fixture.js';
import { dropTicketsOf, insertTickets } from './tickets.js';
import { listWaits } from './waits.js';
import { addWorker, findWorker, type WorkerRow } from './workers.js';

const ids = countingIds();

function openConnection(): AskedConnection {
  const connection = new AskedConnection(join(temporaryDir(), 'state.db'));
  migrate(connection);
  return connection;
}

function aRun(connection: Connection, tenant = 'default'): RunId {
  const runId = ids.runId();
  connection.run(
    `INSERT INTO run (id, journal, head, decided, ended, workflow_id, status, origin, created_at, root, tenant) VALUES (?, 1, 1, 1, 0, 'w', 'queued', '{}', 0, ?, ?)`,
    runId,
    runId,
    tenant,
  );
  return runId;
}

function aWorker(connection: Connection, ...scope: RunId[]): WorkerRow {
  const id = ids.workerId();
  addWorker(connection, scope.length === 0 ? { id } : { id, scope }, 0);
  const row = findWorker(connection, id);
  if (row === undefined) throw new Error('the worker is not there');
  return row;
}

describe('what a hand-out costs', () => {
  it('does not depend on what else is queued, parked or waited for: every look goes through an index', () => {
    const connection = openConnection();
    const runId = aRun(connection);
    placeClaims(connection, { runId, claims: [{ group: 'g', job: null }, { group: 'g', job: 'a' }, { group: 'h', job: 'a' }] }, noChanges(connection));
    queue(connection, [aTicket(runId)]);
    connection.asked.clear();
    for (const taker of [aWorker(connection), aWorker(connection, runId)]) {
      const options = { taker, live: [taker], now: 1, limit: 2 };
      dueTickets(connection, options);
      dueTickets(connection, { ...options, caps: { total: 1, perTenant: 1 } });
      nextDueAt(connection, options);
    }
    placeClaims(connection, { runId, claims: [{ group: 'g', job: 'b' }, { group: 'g', job: 'a' }] }, noChanges(connection));
    queue(connection, [aTicket(runId, { turn: 1 })]);
    listClaims(connection, runId);
    dropTicketsOf(connection, runId);
    for (const query of [{}, { runId }, { kind: 'signal' as const }, { name: 'x' }]) {
      for (const tenant of [undefined, 'acme']) listWaits(connection, { ...query, ...(tenant === undefined ? {} : { tenant }), limit: 1 });
    }
    const asked = [...connection.asked].filter((sql) => /\b(ticket|claim|wait)\b/.test(sql));
    expect(asked.length).toBeGreaterThan(12);
    expect(asked.flatMap((sql) => wasteOf(connection, sql))).toEqual([]);
    connection.close();
  });

  it('is seen when a look goes through a table, or sorts it', () => {
    const connection = openConnection();
    expect(wasteOf(connection, 'SELECT * FROM ticket WHERE job = ?')).toHaveLength(1);
    expect(wasteOf(connection, 'SELECT * FROM claim WHERE group_name = ? ORDER BY job')).toHaveLength(1);
    connection.close();
  });

  it('goes past tenants that are full, from the first priority of all to the last', () => {
    const connection = openConnection();
    const tenants = Array.from({ length: 5 }, (_, index) => `tenant-${String(index)}`);
    for (const tenant of tenants) {
      const runId = aRun(connection, tenant);
      queue(connection, [aTicket(runId, { job: 'low', priority: 'low' }), aTicket(runId, { job: 'high', priority: 'high' })]);
    }
    const taker = aWorker(connection);
    const due = dueTickets(connection, { taker, live: [taker], now: 1, limit: 8, caps: { perTenant: 2, total: 7 } });
    expect(due.map((row) => [row.job, row.tenant])).toEqual([...tenants.map((tenant) => ['high', tenant]), ['low', 'tenant-0'], ['low', 'tenant-1']]);
    connection.close();
  });

  it('is two looks where one tenant has all tickets, one more for caps and one more for caps of a tenant', () => {
    const connection = openConnection();
    queueFor(connection, 'alone', 200);
    const taker = aWorker(connection);
    const options = { taker, live: [taker], now: 1, limit: 8 };
    const looks = [undefined, { total: 50 }, { total: 50, perTenant: 50 }].map((caps) => workOf(connection, () => dueTickets(connection, { ...options, ...(caps === undefined ? {} : { caps }) })));
    expect(looks.map(({ queries }) => queries)).toEqual([2, 3, 4]);
    expect(workOf(connection, () => isAnyDue(connection, options)).queries).toBe(2);
    connection.close();
  });

  it.each([{}, { caps: { total: 500 } }, { caps: { perTenant: 500 } }])('depends on the number of tenants and of what is given, not on how much a tenant has queued (%o)', (caps) => {
    const [tenants, limit] = [30, 45];
    const works = [20, 100].map((backlog) => {
      const connection = openConnection();
      for (let tenant = 0; tenant < tenants; tenant += 1) queueFor(connection, `tenant-${String(tenant)}`, tenant < 2 ? backlog * 5 : backlog);
      const taker = aWorker(connection);
      const work = workOf(connection, () => expect(dueTickets(connection, { ...caps, taker, live: [taker], now: 1, limit })).toHaveLength(limit));
      connection.close();
      return work;
    });
    expect(works[1]).toEqual(works[0]);
    expect(works[1]?.queries).toBeLessThan(tenants + limit);
    // The names of the tenants, their pages, and the page in the order of all that showed that there are several.
    expect(works[1]?.rows).toBeLessThan(4 * tenants + 3 * limit);
  });

  it('reads a backlog in pages when nobody else has enough', () => {
    const connection = openConnection();
    queueFor(connection, 'busy', 2_000);
    for (const tenant of ['a', 'b', 'c']) queueFor(connection, tenant, 1);
    const taker = aWorker(connection);
    const { queries, rows } = workOf(connection, () => expect(dueTickets(connection, { taker, live: [taker], now: 1, limit: 400 })).toHaveLength(400));
    expect(queries).toBeLessThan(12);
    expect(rows).toBeLessThan(3 * 400);
    connection.close();
  });
});

function queue(connection: Connection, tickets: readonly NewTicket[]): void {
  const counters = new Counters(connection);
  insertTickets(connection, tickets, { counters });
  counters.store();
}

function queueFor(connection: Connection, tenant: string, tickets: number): void {
  connection.exec('BEGIN');
  const runId = aRun(connection, tenant);
  queue(connection, Array.from({ length: tickets }, (_, index) => aTicket(runId, { job: `job-${String(index)}` })));
  connection.exec('COMMIT');
}

function workOf(connection: AskedConnection, act: () => unknown): { queries: number; rows: number } {
  const before = { queries: connection.queries, rows: connection.rows };
  act();
  return { queries: connection.queries - before.queries, rows: connection.rows - before.rows };
}
