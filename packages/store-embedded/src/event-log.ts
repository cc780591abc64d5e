import { isTerminalRun, type RunEvent, type RunId } from '@kb-labs/contracts';
import type { Append, AppendResult, Create, CreateResult, EventLog, RunChange } from '@kb-labs/ports';

import { referTo } from './blobs-of-runs.js';
import type { ChangeWatch } from './change-watch.js';
import { dropClaimsOf, endClaims, placeClaims } from './claims.js';
import { type Changes, type CommitGroup, noteQueued } from './commit-group.js';
import type { Connection } from './connection.js';
import { createRun } from './create-run.js';
import { findHead, insertEvents, readEvents, toBodies } from './journal.js';
import { dropTicketsOf, insertTickets, settleTickets } from './tickets.js';
import { updateRun } from './update-run.js';
import { changeWaits, dropWaitsOf } from './waits.js';

export class EmbeddedEventLog implements EventLog {
  readonly #connection: Connection;
  readonly #group: CommitGroup;
  readonly #watch: ChangeWatch;

  constructor(connection: Connection, group: CommitGroup, watch: ChangeWatch) {
    this.#connection = connection;
    this.#group = group;
    this.#watch = watch;
  }

  append(command: Append): Promise<AppendResult> {
    return this.#group.write((changes) => appendEvents(this.#connection, command, changes));
  }

  create(command: Create): Promise<CreateResult> {
    return this.#group.write((changes) => createRun(this.#connection, command, changes));
  }

  read(runId: RunId, after: number, limit?: number): Promise<RunEvent[]> {
    // SQLite takes a negative limit for none.
    return this.#group.read(() => readEvents(this.#connection, runId, { after, limit: limit ?? -1 }));
  }

  watch(runId: RunId | null, onChange: (change?: RunChange) => void): () => void {
    return this.#watch.watchRun(runId, onChange);
  }
}

function appendEvents(connection: Connection, command: Append, changes: Changes): AppendResult {
  const { runId, fence, expected, summary } = command;
  const journal = findHead(connection, runId, fence);
  if (journal === undefined) return { ok: false, refused: 'absent' };
  if (fence !== undefined && journal.held === 0) return { ok: false, refused: 'fenced' };
  if (journal.ended !== 0) return { ok: false, refused: 'closed' };
  if (expected !== undefined && (expected < journal.decided || expected > journal.head)) return { ok: false, refused: 'conflict' };

  const { bodies, bytes } = toBodies(command.events);
  insertEvents(connection, bodies, { key: journal.key, after: journal.head, at: command.at });
  const seq = journal.head + bodies.length;
  const decided = expected === undefined || bodies.length === 0 ? journal.decided : seq;
  if (command.blobs !== undefined) referTo(connection, journal.key, command.blobs);
  updateRun(connection, journal, { seq, decided, bytes, at: command.at, ...(summary === undefined ? {} : { summary }) });
  follow(connection, command, changes);
  changes.runs.set(runId, { decided, ended: summary !== undefined && isTerminalRun(summary.status) });
  return { ok: true, seq };
}

/** What follows from the events for everything around the journal, in the order that the port promises. */
function follow(connection: Connection, command: Append, changes: Changes): void {
  const { runId, summary, waits } = command;
  endClaims(connection, { runId, jobs: command.unclaim ?? [] }, changes);
  placeClaims(connection, { runId, claims: command.claim ?? [] }, changes);
  if (waits !== undefined) changeWaits(connection, waits, { runId, at: command.at });
  if (settleTickets(connection, command.settle ?? [])) changes.room = true;
  const ends = summary !== undefined && isTerminalRun(summary.status);
  if (ends) {
    dropClaimsOf(connection, runId, changes);
    dropWaitsOf(connection, runId);
    if (dropTicketsOf(connection, runId)) changes.room = true;
  }
  noteQueued(changes, insertTickets(connection, command.enqueue ?? [], ends ? { evenEnded: runId } : {}), { claims: command.claim ?? [] });
}
