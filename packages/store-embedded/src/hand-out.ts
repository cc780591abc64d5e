import type { WorkerId } from '@kb-labs/contracts';
import type { Lease, TakeOptions } from '@kb-labs/ports';

import { AT_MOST, type Connection } from './connection.js';
import { lanesOf } from './lanes.js';
import { roomUnder } from './room.js';
import { placeOf, RANKS, type TicketRow } from './tickets.js';
import type { WorkerRow } from './workers.js';

export interface Taker {
  readonly taker: WorkerRow;
  /** The workers that are alive. A ticket held by any other is free. */
  readonly live: readonly WorkerRow[];
  readonly now: number;
}

/** The tickets the taker may have now: by priority, then in the order they fell due and then were made. */
export function dueTickets(connection: Connection, options: Taker & Pick<TakeOptions, 'limit' | 'caps'>): TicketRow[] {
  const { taker, now, limit, caps, live } = options;
  if (limit <= 0) return [];
  const due = abandoned(connection, options);
  for (const { free, values } of lanesOf(connection, taker, { byTenant: caps?.perTenant !== undefined })) {
    const query = `SELECT * FROM ticket ${free} AND rank IN (0, 1, 2) AND not_before <= ? ORDER BY rank, not_before, n ${AT_MOST}`;
    due.push(...connection.all<TicketRow>(query, ...values, now, limit));
  }
  due.sort((a, b) => a.rank - b.rank || a.not_before - b.not_before || a.n - b.n);
  if (caps === undefined) return due.slice(0, limit);
  const room = roomUnder(connection, caps, live);
  const rows: TicketRow[] = [];
  for (const row of due) if (rows.length < limit && room.admits(row)) rows.push(row);
  return rows;
}

/**
 * When the taker could have its next ticket: a free one when it falls due, one held by a live worker when the lease
 * runs out. That goes for its own too: a worker that never heard what it was given gets it back that way.
 */
export function nextDueAt(connection: Connection, { taker, live }: Taker): number | undefined {
  const held = connection.get<Due>(`SELECT min(${HELD_DUE}) AS due ${heldFor(taker)}`, idsOf(live), ...rootsOf(taker));
  const free = lanesOf(connection, taker, { byTenant: false }).map((lane) => {
    const ofRanks = RANKS.map((_, rank) => `SELECT min(not_before) AS due FROM ticket ${lane.free} AND rank = ${String(rank)}`);
    const values = RANKS.flatMap(() => lane.values);
    return connection.get<Due>(`SELECT min(due) AS due FROM (${ofRanks.join(' UNION ALL ')})`, ...values);
  });
  const instants = [held, ...free].flatMap((row) => row?.due ?? []);
  return instants.length === 0 ? undefined : Math.min(...instants);
}

/** Gives the tickets to the worker, each with a token above every token before. */
export function handOut(connection: Connection, rows: readonly TicketRow[], to: { worker: WorkerId; until: number }): Lease[] {
  if (rows.length === 0) return [];
  const last = connection.get<{ value: number }>(`UPDATE counter SET value = value + ? WHERE name = 'token' RETURNING value`, rows.length);
  const first = (last?.value ?? rows.length) - rows.length + 1;
  return rows.map((row, index) => {
    const token = first + index;
    connection.run('UPDATE ticket SET worker = ?, token = ?, until = ? WHERE n = ?', to.worker, token, to.until, row.n);
    return { id: row.id, ...placeOf(row), token, worker: to.worker, until: to.until };
  });
}

interface Due {
  readonly due: number | null;
}

const HOLDER_GONE = 'worker NOT IN (SELECT value FROM json_each(?))';
const HELD_DUE = `CASE WHEN ${HOLDER_GONE} THEN not_before ELSE max(until, not_before) END`;

/** Held tickets whose holder is gone or has let its lease run out. All that are held are looked at: as many as jobs run. */
function abandoned(connection: Connection, { taker, live, now }: Taker): TicketRow[] {
  return connection.all<TicketRow>(
    `SELECT * ${heldFor(taker)} AND not_before <= ? AND (until <= ? OR ${HOLDER_GONE})`,
    ...rootsOf(taker),
    now,
    now,
    idsOf(live),
  );
}

function heldFor(taker: WorkerRow): string {
  const held = 'FROM ticket INDEXED BY ticket_held WHERE worker IS NOT NULL AND parked = 0';
  return taker.scope === null ? held : `${held} AND root IN (SELECT value FROM json_each(?))`;
}

function rootsOf(taker: WorkerRow): string[] {
  return taker.scope === null ? [] : [taker.scope];
}

function idsOf(workers: readonly WorkerRow[]): string {
  return JSON.stringify(workers.map((worker) => worker.id));
}
