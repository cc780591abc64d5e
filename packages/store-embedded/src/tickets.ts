import { type RunId, type RunSummary, type TicketId, toTicketId, type TicketPlace } from '@kb-labs/contracts';
import type { Fence, Lease, NewTicket, QueueCounts } from '@kb-labs/ports';

import type { Changes } from './commit-group.js';
import type { Connection } from './connection.js';
import type { Counters } from './counters.js';
import { isBlocked, OF_RUN } from './parking.js';

/** A row of `ticket`. Without a holder, `worker`, `token` and `until` are null together. */
export interface TicketRow {
  /** In the order they were queued. */
  readonly n: number;
  readonly id: TicketId;
  readonly run_id: RunId;
  readonly root: RunId;
  readonly tenant: string;
  readonly job: string;
  readonly attempt: number;
  readonly turn: number;
  readonly rank: number;
  readonly not_before: number;
  readonly parked: number;
  readonly worker: string | null;
  readonly token: number | null;
  readonly until: number | null;
}

/** The order of priorities: a position is a `rank`. */
export const RANKS = ['high', undefined, 'low'] as const;

export function placeOf(row: TicketRow): TicketPlace {
  return { runId: row.run_id, job: row.job, attempt: row.attempt, turn: row.turn };
}

/** The first ticket of a run that was inserted right before and has no claims, and who holds it. */
export interface HeldTicket {
  readonly lease: Lease;
  readonly run: Pick<RunSummary, 'root' | 'tenant'>;
}

/**
 * Queues tickets that are not queued yet, of open runs and of the run `evenEnded`; that of `held` is held from the first. Answers which were new.
 */
export function insertTickets(connection: Connection, tickets: readonly NewTicket[], options: { counters: Counters; evenEnded?: RunId; held?: HeldTicket | undefined }): TicketId[] {
  if (tickets.length === 0) return [];
  const queued: TicketId[] = [];
  const last = options.counters.get('ticket');
  for (const ticket of tickets) {
    const id = toTicketId(ticket);
    const { runId, job } = ticket;
    const of = [id, last + queued.length + 1, runId, job, ticket.attempt, ticket.turn, RANKS.indexOf(ticket.priority), ticket.notBefore] as const;
    if (options.held?.lease.id === id) {
      const { lease, run } = options.held;
      connection.run(INSERT_HELD, ...of, run.root, run.tenant, lease.worker, lease.token, lease.until);
    } else if (connection.change(INSERT, ...of, job, job, runId, options.evenEnded ?? null) === 0) continue;
    queued.push(id);
  }
  if (queued.length > 0) options.counters.add('ticket', queued.length);
  return queued;
}

const INTO = 'INSERT INTO ticket (id, n, run_id, job, attempt, turn, rank, not_before, root, tenant, parked, worker, token, until)';
const OF_TICKET = '?, ?, ?, ?, ?, ?, ?, ?';
const INSERT = `${INTO} SELECT ${OF_TICKET}, run.root, run.tenant, ${isBlocked('run.id', '?')}, NULL, NULL, NULL
  FROM run WHERE run.id = ? AND (ended = 0 OR run.id = ?) ON CONFLICT (id) DO NOTHING`;
const INSERT_HELD = `${INTO} VALUES (${OF_TICKET}, ?, ?, 0, ?, ?, ?)`;

/** Where one of them was held, a place among the tickets that may be held at once has come free. */
export function settleTickets(connection: Connection, ids: readonly TicketId[], changes: Pick<Changes, 'room'>): void {
  for (const id of ids) {
    // Asked for before: what a statement changes and answers as well, SQLite keeps in a table of its own, which costs more than both.
    changes.room ||= connection.get('SELECT 1 FROM ticket WHERE id = ? AND worker IS NOT NULL', id) !== undefined;
    connection.run('DELETE FROM ticket WHERE id = ?', id);
  }
}

/** Removes what a run that has ended still has queued. Answers whether some of that was held. */
export function dropTicketsOf(connection: Connection, runId: RunId): boolean {
  const gone = connection.all<{ worker: string | null }>(DROP, runId, runId);
  return gone.some((row) => row.worker !== null);
}

const DROP = `DELETE FROM ticket WHERE ${OF_RUN} RETURNING worker`;

export function listTicketsOf(connection: Connection, runId: RunId): TicketRow[] {
  return connection.all<TicketRow>(`SELECT * FROM ticket WHERE ${OF_RUN} ORDER BY n`, runId, runId);
}

export function countTickets(connection: Connection, now: number): QueueCounts {
  // Both inner counts walk a partial index that holds nothing else.
  const counts = connection.get<{ held: number; due: number; every: number }>(
    `SELECT
       (SELECT count(*) FROM ticket INDEXED BY ticket_held WHERE worker IS NOT NULL) AS held,
       (SELECT count(*) FROM ticket INDEXED BY ticket_free WHERE worker IS NULL AND parked = 0 AND rank IN (0, 1, 2) AND not_before <= ?) AS due,
       (SELECT count(*) FROM ticket) AS every`,
    now,
  );
  const { held, due, every } = counts ?? { held: 0, due: 0, every: 0 };
  return { held, due, later: every - held - due };
}

/** Whether a lease is still the valid one of its ticket, for work on this run. */
export function isHeld(connection: Connection, runId: RunId, fence: Fence): boolean {
  const row = connection.get('SELECT 1 FROM ticket WHERE id = ? AND token = ? AND run_id = ?', fence.ticket, fence.token, runId);
  return row !== undefined;
}
