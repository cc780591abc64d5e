import type { WorkerId } from '@kb-labs/contracts';
import type { Lease, TakeOptions } from '@kb-labs/ports';

import { AT_MOST, type Connection } from './connection.js';
import type { Counters } from './counters.js';
import { ALL, type Lane, lanesByTenant, lanesOf, SEVERAL_TENANTS } from './lanes.js';
import { roomUnder } from './room.js';
import { pickByShares, type TenantQueue } from './shares.js';
import { placeOf, RANKS, type TicketRow } from './tickets.js';
import type { WorkerRow } from './workers.js';

export interface Taker {
  readonly taker: WorkerRow;
  /** The workers that are alive. A ticket held by any other is free. */
  readonly live: readonly WorkerRow[];
  readonly now: number;
}

/**
 * The tickets the taker may have now, by priority. Those of one priority are shared out among tenants (`pickByShares`);
 * those of one tenant go in the order they fell due and then were made.
 */
export function dueTickets(connection: Connection, options: Taker & Pick<TakeOptions, 'limit' | 'caps'>): TicketRow[] {
  const { limit, caps, live } = options;
  if (limit <= 0) return [];
  const late = Map.groupBy(abandoned(connection, options), (row) => row.tenant);
  const free = freeByTenant(connection, options);
  const queues = [...new Set([...late.keys(), ...free.keys()])].map((tenant): TenantQueue => ({ free: free.get(tenant) ?? [], abandoned: late.get(tenant) ?? [] }));
  return pickByShares(queues, { limit, room: roomUnder(connection, caps, live) });
}

/** Whether `dueTickets` would answer any. */
export function isAnyDue(connection: Connection, options: Taker & Pick<TakeOptions, 'limit' | 'caps'>): boolean {
  if (options.limit <= 0) return false;
  if (options.caps !== undefined) return dueTickets(connection, { ...options, limit: 1 }).length > 0;
  return abandoned(connection, options).length > 0 || lanesOf(connection, options.taker).some((lane) => dueIn(connection, lane, { now: options.now, limit: 1 }).length > 0);
}

/**
 * When the taker could have its next ticket: a free one when it falls due, one held by a live worker when the lease
 * runs out. That goes for its own too: a worker that never heard what it was given gets it back that way.
 */
export function nextDueAt(connection: Connection, { taker, live }: Taker): number | undefined {
  const held = connection.get<Due>(`SELECT min(${HELD_DUE}) AS due ${heldFor(taker)}`, idsOf(live), ...rootsOf(taker));
  const free = lanesOf(connection, taker).map((lane) => {
    const ofRanks = RANKS.map((_, rank) => `SELECT min(not_before) AS due FROM ticket ${lane.free} AND rank = ${String(rank)}`);
    const values = RANKS.flatMap(() => lane.values);
    return connection.get<Due>(`SELECT min(due) AS due FROM (${ofRanks.join(' UNION ALL ')})`, ...values);
  });
  const instants = [held, ...free].flatMap((row) => row?.due ?? []);
  return instants.length === 0 ? undefined : Math.min(...instants);
}

/** Gives the tickets to the worker, each with a token above every token before. */
export function handOut(connection: Connection, rows: readonly TicketRow[], to: { worker: WorkerId; until: number; counters: Counters }): Lease[] {
  if (rows.length === 0) return [];
  const first = drawTokens(to.counters, rows.length);
  return rows.map((row, index) => {
    const token = first + index;
    connection.run('UPDATE ticket SET worker = ?, token = ?, until = ? WHERE id = ?', to.worker, token, to.until, row.id);
    return { id: row.id, ...placeOf(row), token, worker: to.worker, until: to.until };
  });
}

/** So many tokens, each above every token before; answers the first. */
export function drawTokens(counters: Counters, count: number): number {
  return counters.add('token', count) - count + 1;
}

interface Due {
  readonly due: number | null;
}

/** Free tickets that are due. In all, about twice as many rows are read as are wanted, and one for each tenant. */
function freeByTenant(connection: Connection, options: Taker & Pick<TakeOptions, 'limit' | 'caps'>): Map<string, TenantQueue['free']> {
  const { taker, now, limit, caps } = options;
  if (taker.scope === null && caps?.perTenant === undefined && caps?.ofTenant === undefined) {
    const rows = dueIn<{ several: number | null }>(connection, ALL, { now, limit, columns: `*, ${SEVERAL_TENANTS} AS several` });
    if (rows.length < limit || rows[0]?.several !== 1) return new Map([...Map.groupBy(rows, (row) => row.tenant)].map(([tenant, own]) => [tenant, [own]]));
  }
  const lanes = Map.groupBy(lanesByTenant(connection, taker), (lane) => lane.tenant);
  const page = Math.ceil(limit / lanes.size);
  return new Map([...lanes].map(([tenant, own]) => [tenant, own.map((lane) => dueByPages(connection, lane, { now, page }))]));
}

/** Reads when asked to, each time twice as many. */
function* dueByPages(connection: Connection, lane: Lane, { now, page }: { now: number; page: number }): Generator<TicketRow, undefined> {
  for (let skip = 0, limit = page; ; skip += limit, limit *= 2) {
    const rows = dueIn(connection, lane, { now, limit, skip });
    yield* rows;
    if (rows.length < limit) return undefined;
  }
}

function dueIn<More = unknown>(connection: Connection, { free, values }: Lane, how: { now: number; limit: number; skip?: number; columns?: string }): (TicketRow & More)[] {
  const { now, limit, skip = 0, columns = '*' } = how;
  const query = `SELECT ${columns} FROM ticket ${free} AND rank IN (0, 1, 2) AND not_before <= ? ORDER BY rank, not_before, n ${AT_MOST} OFFSET 0 + ?`;
  return connection.all<TicketRow & More>(query, ...values, now, limit, skip);
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
