import { join } from 'node:path';
import type { SQLInputValue } from 'node:sqlite';

import type { RunId } from '@kb-labs/contracts';
import { aTicket, countingIds } from '@kb-labs/testkit';
import { describe, expect, it } from 'vitest';

import { listClaims, placeClaims } from './claims.js';
import { Connection } from './connection.js';
import { dueTickets, nextDueAt } from './hand-out.js';
import { migrate } from './migrate.js';
import { temporaryDir } from './temporary-dir.fixture.js';
import { dropTicketsOf, insertTickets } from './tickets.js';
import { listWaits } from './waits.js';
import { addWorker, findWorker, type WorkerRow } from './workers.js';

const ids = countingIds();
const changes = { runs: new Set<string>(), logs: new Set<string>(), ready: false };

/** Keeps what it is asked. */
class AskedConnection extends Connection {
  readonly asked = new Set<string>();

  override get<Row>(sql: string, ...parameters: SQLInputValue[]): Row | undefined {
    this.asked.add(sql);
    return super.get<Row>(sql, ...parameters);
  }

  override all<Row>(sql: string, ...parameters: SQLInputValue[]): Row[] {
    this.asked.add(sql);
    return super.all<Row>(sql, ...parameters);
  }

  override run(sql: string, ...parameters: SQLInputValue[]): number {
    this.asked.add(sql);
    return super.run(sql, ...parameters);
  }
}

/** What is looked at as a whole, or sorted. Held tickets may be, as many as jobs run; and what a union has found may be sorted. */
function wasteOf(connection: Connection, sql: string): string[] {
  const values = Array.from({ length: sql.split('?').length - 1 }, () => null);
  const steps = connection.all<{ id: number; parent: number; detail: string }>(`EXPLAIN QUERY PLAN ${sql}`, ...values);
  const found = new Set(steps.filter((step) => /^(LEFT|RIGHT)$/.test(step.detail)).map((step) => step.id));
  const waste = steps.filter(
    ({ detail, parent }) =>
      (/^SCAN (ticket|claim|wait|own|other|run)\b/.test(detail) && !detail.includes('USING INDEX ticket_held')) ||
      (detail.includes('B-TREE FOR ORDER BY') && !found.has(parent)),
  );
  return waste.map((step) => step.detail);
}

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
    placeClaims(connection, { runId, claims: [{ group: 'g', job: null }, { group: 'g', job: 'a' }, { group: 'h', job: 'a' }] }, changes);
    insertTickets(connection, [aTicket(runId)]);
    connection.asked.clear();
    for (const taker of [aWorker(connection), aWorker(connection, runId)]) {
      const options = { taker, live: [taker], now: 1, limit: 2 };
      dueTickets(connection, options);
      dueTickets(connection, { ...options, caps: { total: 1, perTenant: 1 } });
      nextDueAt(connection, options);
    }
    placeClaims(connection, { runId, claims: [{ group: 'g', job: 'b' }, { group: 'g', job: 'a' }] }, changes);
    insertTickets(connection, [aTicket(runId, { turn: 1 })]);
    listClaims(connection, runId);
    dropTicketsOf(connection, runId);
    for (const query of [{}, { runId }, { kind: 'signal' as const }, { name: 'x' }]) listWaits(connection, { ...query, limit: 1 });
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
      insertTickets(connection, [aTicket(runId, { job: 'low', priority: 'low' }), aTicket(runId, { job: 'high', priority: 'high' })]);
    }
    const taker = aWorker(connection);
    const due = dueTickets(connection, { taker, live: [taker], now: 1, limit: 8, caps: { perTenant: 2, total: 7 } });
    expect(due.map((row) => [row.job, row.tenant])).toEqual([...tenants.map((tenant) => ['high', tenant]), ['low', 'tenant-0'], ['low', 'tenant-1']]);
    connection.close();
  });
});
