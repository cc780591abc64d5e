import type { RunId } from '@kb-labs/contracts';
import type { ClaimOwner, NewClaim, OpenClaim } from '@kb-labs/ports';

import type { Changes } from './commit-group.js';
import { AT_MOST, type Connection } from './connection.js';
import { AS_A_WHOLE, type Owner, parkTicketsOf, unparkTicketsOf } from './parking.js';

interface ClaimRow extends Owner {
  readonly n: number;
  readonly group_name: string;
}

/** How many of those ahead are named. */
const AHEAD_SHOWN = 100;

/** Puts owners at the end of their groups. Whoever asks again for the same group keeps its place; for another, leaves the first. */
export function placeClaims(connection: Connection, asked: { runId: RunId; claims: readonly NewClaim[] }, changes: Changes): void {
  for (const { group, job } of asked.claims) {
    const owner: Owner = { run_id: asked.runId, job: job ?? AS_A_WHOLE };
    const place = connection.get<ClaimRow>('SELECT * FROM claim WHERE run_id = ? AND job = ?', owner.run_id, owner.job);
    if (place?.group_name === group) continue;
    if (place !== undefined) removeClaim(connection, place, changes);
    connection.run('INSERT INTO claim (group_name, run_id, job) VALUES (?, ?, ?)', group, owner.run_id, owner.job);
    parkTicketsOf(connection, owner);
  }
}

export function endClaims(connection: Connection, given: { runId: RunId; jobs: readonly string[] }, changes: Changes): void {
  for (const job of given.jobs) {
    const place = connection.get<ClaimRow>('SELECT * FROM claim WHERE run_id = ? AND job = ?', given.runId, job);
    if (place !== undefined) removeClaim(connection, place, changes);
  }
}

/** For a run whose tickets are about to go as well. */
export function dropClaimsOf(connection: Connection, runId: RunId, changes: Changes): void {
  const gone = connection.all<{ group_name: string }>('DELETE FROM claim WHERE run_id = ? RETURNING group_name', runId);
  for (const group of new Set(gone.map((row) => row.group_name))) freeFirstOf(connection, group, changes);
}

export function listClaims(connection: Connection, runId: RunId): OpenClaim[] {
  return claimsOf(connection, runId).map((place) => {
    const ahead = connection.all<Owner>(
      `SELECT run_id, job FROM claim WHERE group_name = ? AND n < ? ORDER BY n ${AT_MOST}`,
      place.group_name,
      place.n,
      AHEAD_SHOWN,
    );
    const count = connection.get<{ owners: number }>(
      'SELECT count(*) AS owners FROM claim WHERE group_name = ? AND n < ?',
      place.group_name,
      place.n,
    );
    return { group: place.group_name, ...toOwner(place), ahead: ahead.map(toOwner), aheadCount: count?.owners ?? 0 };
  });
}

/** What the claim held back can go on: the owner's own tickets, and those of whoever is first now. */
function removeClaim(connection: Connection, place: ClaimRow, changes: Changes): void {
  connection.run('DELETE FROM claim WHERE n = ?', place.n);
  if (unparkTicketsOf(connection, place)) changes.ready = true;
  freeFirstOf(connection, place.group_name, changes);
}

function freeFirstOf(connection: Connection, group: string, changes: Changes): void {
  const first = connection.get<Owner>('SELECT run_id, job FROM claim WHERE group_name = ? ORDER BY n LIMIT 1', group);
  if (first !== undefined && unparkTicketsOf(connection, first)) changes.ready = true;
}

function claimsOf(connection: Connection, runId: RunId): ClaimRow[] {
  return connection.all<ClaimRow>('SELECT * FROM claim WHERE run_id = ? ORDER BY job', runId);
}

function toOwner(owner: Owner): ClaimOwner {
  return { runId: owner.run_id, job: owner.job === AS_A_WHOLE ? null : owner.job };
}
