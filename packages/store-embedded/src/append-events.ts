import { isTerminalRun } from '@kb-labs/contracts';
import type { Append, AppendResult } from '@kb-labs/ports';

import { referTo } from './blobs-of-runs.js';
import { endClaims, placeClaims } from './claims.js';
import { type Changes, noteQueued } from './commit-group.js';
import type { Connection } from './connection.js';
import { dropLeftovers } from './drop-leftovers.js';
import { findHead, insertEvents, toBodies } from './journal.js';
import { insertTickets, isHeld, settleTickets } from './tickets.js';
import { updateRun } from './update-run.js';
import { changeWaits } from './waits.js';

/** Inside of a transaction. */
export function appendEvents(connection: Connection, command: Append, changes: Changes): AppendResult {
  const { runId, fence, expected, summary } = command;
  const journal = findHead(connection, runId, fence);
  if (journal === undefined) return { ok: false, refused: 'absent' };
  if (fence !== undefined && journal.held === 0) return { ok: false, refused: 'fenced' };
  if (command.fences?.some((one) => !isHeld(connection, runId, one)) === true) return { ok: false, refused: 'fenced' };
  if (journal.ended !== 0) return { ok: false, refused: 'closed' };
  if (expected !== undefined && (expected < journal.decided || expected > journal.head)) return { ok: false, refused: 'conflict' };

  const { bodies, bytes } = toBodies(command.events);
  insertEvents(connection, bodies, { key: journal.key, after: journal.head, at: command.at });
  const seq = journal.head + bodies.length;
  const decided = expected === undefined || bodies.length === 0 ? journal.decided : seq;
  if (command.blobs !== undefined) referTo(connection, journal.key, command.blobs);
  updateRun(connection, journal, { counters: changes.counters, seq, decided, bytes, at: command.at, ...(summary === undefined ? {} : { summary }) });
  follow(connection, command, changes);
  changes.runs.set(runId, { decided, ended: summary !== undefined && isTerminalRun(summary.status) });
  return { ok: true, seq };
}

/** What follows from the events for everything around the journal, in the order that the port promises. */
export function follow(connection: Connection, command: Append, changes: Changes): void {
  const { runId, summary, waits } = command;
  endClaims(connection, { runId, jobs: command.unclaim ?? [] }, changes);
  placeClaims(connection, { runId, claims: command.claim ?? [] }, changes);
  if (waits !== undefined) changeWaits(connection, waits, { runId, at: command.at });
  settleTickets(connection, command.settle ?? [], changes);
  const ends = summary !== undefined && isTerminalRun(summary.status);
  if (ends) dropLeftovers(connection, runId, changes);
  noteQueued(changes, insertTickets(connection, command.enqueue ?? [], { counters: changes.counters, ...(ends ? { evenEnded: runId } : {}) }), { claims: command.claim ?? [] });
}
