import { type RunId, type TicketId, toTicketId, type TicketPlace } from '@kb-labs/contracts';
import type { Fence, NewTicket } from '@kb-labs/ports';

import type { Connection } from './connection.js';

/** A row of `ticket`. Without a holder, `worker`, `token` and `until` are null together. */
export interface TicketRow {
  readonly n: number;
  readonly id: TicketId;
  readonly run_id: RunId;
  readonly job: string;
  readonly attempt: number;
  readonly turn: number;
  readonly not_before: number;
  readonly worker: string | null;
  readonly token: number | null;
  readonly until: number | null;
}

export function placeOf(row: TicketRow): TicketPlace {
  return { runId: row.run_id, job: row.job, attempt: row.attempt, turn: row.turn };
}

/** Queues tickets of open runs that are not queued yet. Answers how many were new. */
export function insertTickets(connection: Connection, tickets: readonly NewTicket[]): number {
  let added = 0;
  for (const ticket of tickets) {
    added += connection.run(
      `INSERT INTO ticket (id, run_id, job, attempt, turn, not_before)
       SELECT ?, id, ?, ?, ?, ? FROM run WHERE id = ? AND ended = 0 ON CONFLICT (id) DO NOTHING`,
      toTicketId(ticket),
      ticket.job,
      ticket.attempt,
      ticket.turn,
      ticket.notBefore,
      ticket.runId,
    );
  }
  return added;
}

export function settleTickets(connection: Connection, ids: readonly TicketId[]): void {
  for (const id of ids) connection.run('DELETE FROM ticket WHERE id = ?', id);
}

/** A run that has ended has nothing to hand out. */
export function dropTicketsOf(connection: Connection, runId: RunId): void {
  connection.run(`DELETE FROM ticket WHERE ${OF_RUN}`, runId, runId);
}

export function listTicketsOf(connection: Connection, runId: RunId): TicketRow[] {
  return connection.all<TicketRow>(`SELECT * FROM ticket WHERE ${OF_RUN} ORDER BY n`, runId, runId);
}

/** Whether a lease is still the valid one of its ticket, for work on this run. */
export function isHeld(connection: Connection, runId: RunId, fence: Fence): boolean {
  const row = connection.get('SELECT 1 FROM ticket WHERE id = ? AND token = ? AND run_id = ?', fence.ticket, fence.token, runId);
  return row !== undefined;
}

/** Ticket ids start with the run and a dot, and "/" follows "." in order: a range of the index on `id` is one run. */
const OF_RUN = `id > ? || '.' AND id < ? || '/'`;
