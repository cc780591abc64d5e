import type { RunId } from '@kb-labs/contracts';

import { dropClaimsOf } from './claims.js';
import type { Changes } from './commit-group.js';
import type { Connection } from './connection.js';
import { OF_RUN } from './parking.js';
import { dropTicketsOf } from './tickets.js';
import { dropWaitsOf } from './waits.js';

/** Ends the claims, waits and tickets that a run which is over still has: most have none, and one look says so. */
export function dropLeftovers(connection: Connection, runId: RunId, changes: Changes): void {
  const left = connection.get<{ any: 0 | 1 }>(ANY, runId, runId, runId, runId);
  if (left?.any !== 1) return;
  dropClaimsOf(connection, runId, changes);
  dropWaitsOf(connection, runId);
  if (dropTicketsOf(connection, runId)) changes.room = true;
}

const ANY = `SELECT EXISTS (SELECT 1 FROM claim WHERE run_id = ?) OR EXISTS (SELECT 1 FROM wait WHERE run_id = ?)
  OR EXISTS (SELECT 1 FROM ticket WHERE ${OF_RUN}) AS any`;
