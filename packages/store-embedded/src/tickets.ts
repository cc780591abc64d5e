import { type RunId, type TicketId, toTicketId, type TicketPlace } from '@kb-labs/contracts';
import type { Fence, NewTicket, QueueCounts } from '@kb-labs/ports';

import type { Connection } from './connection.js';
import { isBlocked, OF_RUN } from './parking.js';

/** A row of `ticket`. Without a holder, `worker`, `token` and `until` are null together. */
export interface TicketRow {
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

/**
 * Queues tickets that are not queued yet, of open runs and of the run `evenEnded`. Answers which were new.
 */
export function insertTickets(connection: Connection, tickets: readonly NewTicket[], options: { evenEnded?: RunId } = {}): TicketId[] {
  return tickets.flatMap((ticket) => {
    const id = toTicketId(ticket);
    const added = connection.change(
      INSERT,
      id,
      ticket.job,
      ticket.attempt,
      ticket.turn,
      RANKS.indexOf(ticket.priority),
      ticket.notBefore,
      ticket.job,
      ticket.job,
      ticket.runId,
      options.evenEnded ?? null,
    );
    return added === 0 ? [] : [id];
  });
}

const INSERT = `INSERT INTO ticket (id, job, attempt, turn, rank, not_before, run_id, root, tenant, parked)
  SELECT ?, ?, ?, ?, ?, ?, run.id, run.root, run.tenant, ${isBlocked('run.id', '?')}
  FROM run WHERE run.id = ? AND (ended = 0 OR run.id = ?) ON CONFLICT (id) DO NOTHING`;

/** Answers whether one of them was held: a place among the tickets that may be held at once has come free. */
export function settleTickets(connection: Connection, ids: readonly TicketId[]): boolean {
  let held = false;
  for (const id of ids) {
    const gone = connection.get<{ worker: string | null }>('DELETE FROM ticket WHERE id = ? RETURNING worker', id);
    if (gone !== undefined && gone.worker !== null) held = true;
  }
  return held;
}

/** Removes what a run that has ended still has queued; answers like `settleTickets`. */
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
