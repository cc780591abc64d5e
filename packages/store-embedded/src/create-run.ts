import { isTerminalRun, toTicketId } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';
import type { Begin, Create, CreateResult, Lease } from '@kb-labs/ports';

import { follow } from './append-events.js';
import { referTo } from './blobs-of-runs.js';
import { placeClaims } from './claims.js';
import { type Changes, noteQueued } from './commit-group.js';
import { AT_MOST, type Connection } from './connection.js';
import { insertEvents, joined, openJournal, toBodies } from './journal.js';
import { countAsKept } from './kept-runs.js';
import { eventsUnder, type StandingBy } from './standing-by.js';
import { insertTickets } from './tickets.js';

/** How many keys that are past their time one creation removes. More than it adds, so they cannot pile up. */
const KEYS_PER_SWEEP = 16;

/** What goes on with a new run at once, and who may be handed its first ticket for that. */
export interface BeginNow {
  readonly begin: Begin;
  readonly standingBy: StandingBy;
}

/**
 * Opens a journal. A run id that is there already was created by this very command, whose answer was lost: it is
 * answered again and nothing is written.
 */
export function createRun(connection: Connection, command: Create, changes: Changes, now?: BeginNow): CreateResult {
  const { runId, idempotency } = command;
  if (idempotency !== undefined) {
    const known = connection.get<{ run_id: Create['runId']; digest: string }>(
      'SELECT run_id, digest FROM idempotency WHERE key = ? AND keep_until >= ?',
      idempotency.key,
      command.at,
    );
    if (known?.digest === idempotency.digest) return { ok: true, runId: known.run_id, repeated: true };
    if (known !== undefined) return { ok: false, refused: 'key-conflict' };
  }
  // Kept as a number beside the rows: counting them would cost more with every open run.
  if (changes.counters.get('open') >= command.maxOpenRuns) {
    const isThere = connection.get('SELECT 1 FROM run WHERE id = ?', runId) !== undefined;
    return isThere ? { ok: true, runId, repeated: true } : { ok: false, refused: 'full' };
  }
  const opening = toBodies(command.events);
  const begun = now === undefined ? undefined : beginOf(command, now, changes);
  const key = insertRun(connection, command, { opening, begun });
  if (key === undefined) return { ok: true, runId, repeated: true };
  if (idempotency !== undefined) keepKey(connection, idempotency, command);
  const ended = isTerminalRun(command.summary.status);
  if (!ended) changes.counters.add('open', 1);
  const goesOnAtOnce = begun !== undefined && begun.begin.append.at === command.at;
  openJournal(connection, goesOnAtOnce ? joined(opening.bodies, begun.going.bodies) : opening.bodies, { key, at: command.at });
  if (command.blobs !== undefined) referTo(connection, key, command.blobs);
  if (ended) countAsKept(connection, key);
  const claims = ended ? [] : (command.claim ?? []);
  placeClaims(connection, { runId, claims }, changes);
  const queued = insertTickets(connection, command.enqueue, { counters: changes.counters, evenEnded: runId, held: begun && { lease: begun.lease, run: command.summary } });
  noteQueued(changes, queued.filter((id) => id !== begun?.lease.id), { claims });
  changes.runs.set(runId, { decided: command.events.length, ended });
  if (begun !== undefined) goOn(connection, { key, after: opening.bodies.length, isWritten: goesOnAtOnce }, begun, changes);
  else if (now !== undefined) changes.begins.set(now.begin.ticket, now.begin);
  return { ok: true, runId, repeated: false };
}

/** How a run goes on in the write that creates it. */
interface Begun {
  readonly begin: Begin;
  readonly lease: Lease;
  readonly going: ReturnType<typeof toBodies>;
}

/**
 * What was prepared, if its worker would be handed the ticket right away: the run and the ticket are written as they then are, instead of twice.
 * What is more than the usual goes the long way.
 */
function beginOf(command: Create, { begin, standingBy }: BeginNow, changes: Changes): Begun | undefined {
  const { expected, fences, summary } = begin.append;
  const ticket = command.enqueue.find((one) => toTicketId(one) === begin.ticket);
  if (ticket === undefined || fences !== undefined || (expected ?? command.events.length) !== command.events.length) return undefined;
  if ((command.claim ?? []).length > 0 || isTerminalRun(command.summary.status) || (summary !== undefined && isTerminalRun(summary.status))) return undefined;
  const lease = standingBy.leaseFor(begin, ticket, command.summary, changes);
  return lease === undefined ? undefined : { begin, lease, going: toBodies(eventsUnder(lease, begin)) };
}

/** Everything of `appendEvents` that the row of the run has not been inserted with. */
function goOn(connection: Connection, { key, after, isWritten }: { key: number; after: number; isWritten: boolean }, { begin, lease, going }: Begun, changes: Changes): void {
  const { append } = begin;
  if (!isWritten) insertEvents(connection, going.bodies, { key, after, at: append.at });
  if (append.blobs !== undefined) referTo(connection, key, append.blobs);
  follow(connection, append, changes);
  changes.runs.set(append.runId, { decided: append.expected === undefined ? after : after + going.bodies.length, ended: false });
  changes.handedOut.push(() => begin.begun(lease));
}

function keepKey(connection: Connection, idempotency: NonNullable<Create['idempotency']>, command: Create): void {
  connection.run(
    `DELETE FROM idempotency WHERE key IN (SELECT key FROM idempotency WHERE keep_until < ? ORDER BY keep_until ${AT_MOST})`,
    command.at,
    KEYS_PER_SWEEP,
  );
  connection.run(
    'INSERT OR REPLACE INTO idempotency (key, digest, run_id, keep_until) VALUES (?, ?, ?, ?)',
    idempotency.key,
    idempotency.digest,
    command.runId,
    idempotency.keepUntil,
  );
}

/** Answers its key; `undefined` for one that is there already. */
function insertRun(connection: Connection, command: Create, { opening, begun }: { opening: ReturnType<typeof toBodies>; begun: Begun | undefined }): number | undefined {
  const { summary } = command;
  const { status, startedAt } = begun?.begin.append.summary ?? summary;
  const ended = isTerminalRun(status);
  const head = opening.bodies.length + (begun?.going.bodies.length ?? 0);
  return connection.insert(
    `INSERT INTO run (id, journal, head, decided, ended, workflow_id, workflow_version, status, origin, created_at, started_at, finished_at, root, tenant, parent, journal_bytes, ended_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`,
    command.runId,
    versionOf(command),
    head,
    begun?.begin.append.expected === undefined ? opening.bodies.length : head,
    ended ? 1 : 0,
    summary.workflowId,
    summary.workflowVersion,
    status,
    JSON.stringify(summary.trigger),
    summary.createdAt,
    startedAt,
    summary.finishedAt,
    summary.root,
    summary.tenant,
    summary.parent ?? null,
    opening.bytes + (begun?.going.bytes ?? 0),
    ended ? (summary.finishedAt ?? command.at) : null,
  );
}

function versionOf(command: Create): number {
  const first = command.events[0];
  if (first?.type !== 'run.started') throw new AppError('INTERNAL', { problem: 'a journal begins with run.started' });
  return first.schema;
}
