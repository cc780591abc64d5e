import type { WorkerId } from '@kb-labs/contracts';
import type { Lease } from '@kb-labs/ports';

import type { Connection } from './connection.js';
import { placeOf, type TicketRow } from './tickets.js';
import type { WorkerRow } from './workers.js';

export interface Taker {
  readonly taker: WorkerRow;
  /** The workers that are alive. A ticket held by any other is free. */
  readonly live: readonly WorkerRow[];
  readonly now: number;
}

/** The tickets the taker may have now, in the order they fell due and then were made. */
export function dueTickets(connection: Connection, options: Taker & { limit: number }): TicketRow[] {
  const { taker, now, limit } = options;
  if (limit <= 0) return [];
  const live = idsOf(options.live);
  if (taker.scope === null) {
    return connection.all<TicketRow>(
      `SELECT * FROM (
         SELECT * FROM (SELECT * FROM ticket WHERE worker IS NULL AND not_before <= ? ORDER BY not_before, n LIMIT ?)
         UNION ALL
         SELECT * FROM ticket WHERE worker IS NOT NULL AND not_before <= ? AND (until <= ? OR ${HOLDER_GONE})
       ) ORDER BY not_before, n LIMIT ?`,
      now,
      limit,
      now,
      now,
      live,
      limit,
    );
  }
  return connection.all<TicketRow>(
    `SELECT ticket.* FROM json_each(?) AS scope CROSS JOIN ticket
     WHERE ${IN_SCOPE} AND not_before <= ? AND (worker IS NULL OR until <= ? OR ${HOLDER_GONE})
     ORDER BY not_before, n LIMIT ?`,
    taker.scope,
    now,
    now,
    live,
    limit,
  );
}

/**
 * When the taker could have its next ticket: a free one when it falls due, one held by a live worker when the lease
 * runs out. That goes for its own too: a worker that never heard what it was given gets it back that way.
 */
export function nextDueAt(connection: Connection, options: Taker): number | undefined {
  const { taker } = options;
  const live = idsOf(options.live);
  if (taker.scope === null) {
    const row = connection.get<{ due: number | null }>(
      `SELECT min(due) AS due FROM (
         SELECT min(not_before) AS due FROM ticket WHERE worker IS NULL
         UNION ALL
         SELECT min(${HELD_DUE}) FROM ticket WHERE worker IS NOT NULL
       )`,
      live,
    );
    return row?.due ?? undefined;
  }
  const row = connection.get<{ due: number | null }>(
    `SELECT min(CASE WHEN worker IS NULL THEN not_before ELSE ${HELD_DUE} END) AS due
     FROM json_each(?) AS scope CROSS JOIN ticket WHERE ${IN_SCOPE}`,
    live,
    taker.scope,
  );
  return row?.due ?? undefined;
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

const HOLDER_GONE = 'worker NOT IN (SELECT value FROM json_each(?))';
const HELD_DUE = `CASE WHEN ${HOLDER_GONE} THEN not_before ELSE max(until, not_before) END`;
const IN_SCOPE = `ticket.id > scope.value || '.' AND ticket.id < scope.value || '/'`;

function idsOf(workers: readonly WorkerRow[]): string {
  return JSON.stringify(workers.map((worker) => worker.id));
}
