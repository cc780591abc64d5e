import type { RunId, TicketId, WorkerId } from '@kb-labs/contracts';
import type { Lease, QueuedTicket } from '@kb-labs/ports';

import { RANKS } from './entries.js';

/** Of the script that lists tickets: id, job, attempt, turn, due, rank, parked, number; and of one that is held: worker, token, end of the lease, alive. */
export type TicketRow = readonly [id: string, job: string, attempt: string, turn: string, due: string, rank: string, parked: string, n: string, worker?: string, token?: string, until?: string, alive?: number];

export function parseTicket(runId: RunId, row: TicketRow): QueuedTicket {
  const [id, job, attempt, turn, due, rank, parked, , worker, token, until, alive] = row;
  const priority = RANKS[Number(rank)];
  const ticket: QueuedTicket = {
    id: id as TicketId,
    runId,
    job,
    attempt: Number(attempt),
    turn: Number(turn),
    notBefore: Number(due),
    ...(priority === undefined ? {} : { priority }),
    ...(parked === '1' ? { parked: true } : {}),
  };
  if (worker === undefined) return ticket;
  return { ...ticket, lease: { worker: worker as WorkerId, token: Number(token), until: Number(until), alive: alive === 1 } };
}

/** Of the script that hands tickets out: id, run, job, attempt, turn, incarnation, token, end of the lease. */
export type PickedRow = readonly [id: string, run: string, job: string, attempt: string, turn: string, incarnation: string, token: string, until: string];

export function parseLease(worker: WorkerId, row: PickedRow): Lease {
  const [id, runId, job, attempt, turn, , token, until] = row;
  return {
    id: id as TicketId,
    runId: runId as RunId,
    job,
    attempt: Number(attempt),
    turn: Number(turn),
    token: Number(token),
    worker,
    until: Number(until),
  };
}
