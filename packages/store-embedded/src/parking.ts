import { type RunId, TIME_LIMIT } from '@kb-labs/contracts';

import type { Connection } from './connection.js';

/** Who has a place in a group: a job, or `AS_A_WHOLE` its run. */
export interface Owner {
  readonly run_id: RunId;
  readonly job: string;
}

export const AS_A_WHOLE = '';

/** Ticket ids start with the run and a dot, and "/" follows "." in order: a range of the index on `id` is one run. */
export const OF_RUN = `id > ? || '.' AND id < ? || '/'`;

/**
 * Whether somebody stands before a job, or before its run, in a group: a ticket of that job is parked then. The end of a
 * run's time comes in any case. `run` and `job` are SQL expressions.
 */
export function isBlocked(run: string, job: string): string {
  return `(${job} <> '${TIME_LIMIT}' AND EXISTS (
    SELECT 1 FROM claim AS own
    WHERE own.run_id = ${run} AND own.job IN ('${AS_A_WHOLE}', ${job})
      AND EXISTS (SELECT 1 FROM claim AS other WHERE other.group_name = own.group_name AND other.n < own.n)
  ))`;
}

export function parkTicketsOf(connection: Connection, owner: Owner): void {
  changeTicketsOf(connection, owner, `SET parked = 1 WHERE parked = 0 AND ${BLOCKED}`);
}

/** Two claims can hold one ticket back: it stays parked while one of them does. Answers whether one came free. */
export function unparkTicketsOf(connection: Connection, owner: Owner): boolean {
  return changeTicketsOf(connection, owner, `SET parked = 0 WHERE parked = 1 AND NOT ${BLOCKED}`) > 0;
}

const BLOCKED = isBlocked('ticket.run_id', 'ticket.job');

function changeTicketsOf(connection: Connection, { run_id, job }: Owner, change: string): number {
  const ofOwner = `UPDATE ticket ${change} AND ${OF_RUN}`;
  if (job === AS_A_WHOLE) return connection.change(ofOwner, run_id, run_id);
  // The job goes on the name of the range; combinations of a matrix have names that begin the same.
  const start = `${run_id}.${job}`;
  return connection.change(`${ofOwner} AND job = ?`, start, start, job);
}
