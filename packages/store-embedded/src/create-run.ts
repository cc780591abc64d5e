import { isTerminalRun } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';
import type { Begin, Create, CreateResult } from '@kb-labs/ports';

import { referTo } from './blobs-of-runs.js';
import { placeClaims } from './claims.js';
import { type Changes, noteQueued } from './commit-group.js';
import { AT_MOST, type Connection } from './connection.js';
import { insertEvents, toBodies } from './journal.js';
import { countAsKept } from './kept-runs.js';
import { insertTickets } from './tickets.js';

/** How many keys that are past their time one creation removes. More than it adds, so they cannot pile up. */
const KEYS_PER_SWEEP = 16;

/**
 * Opens a journal. A run id that is there already was created by this very command, whose answer was lost: it is
 * answered again and nothing is written.
 */
export function createRun(connection: Connection, command: Create, changes: Changes, begin?: Begin): CreateResult {
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
  const { known, open } = findPlace(connection, runId);
  if (known === 1) return { ok: true, runId, repeated: true };
  if (open >= command.maxOpenRuns) return { ok: false, refused: 'full' };

  if (idempotency !== undefined) keepKey(connection, idempotency, command);
  const { bodies, bytes } = toBodies(command.events);
  const key = insertRun(connection, command, bytes);
  insertEvents(connection, bodies, { key, after: 0, at: command.at });
  if (command.blobs !== undefined) referTo(connection, key, command.blobs);
  const ended = isTerminalRun(command.summary.status);
  if (ended) countAsKept(connection, key);
  const claims = ended ? [] : (command.claim ?? []);
  placeClaims(connection, { runId, claims }, changes);
  noteQueued(changes, insertTickets(connection, command.enqueue, { evenEnded: runId }), { claims });
  changes.runs.set(runId, { decided: command.events.length, ended });
  if (begin !== undefined) changes.begins.set(begin.ticket, begin);
  return { ok: true, runId, repeated: false };
}

/** Whether the run is there, and how many are open. That is kept as a number beside the rows: counting them would cost more with every open run. */
function findPlace(connection: Connection, runId: Create['runId']): { readonly known: 0 | 1; readonly open: number } {
  const place = connection.get<{ known: 0 | 1; open: number }>(
    `SELECT EXISTS (SELECT 1 FROM run WHERE id = ?) AS known, coalesce((SELECT value FROM counter WHERE name = 'open'), 0) AS open`,
    runId,
  );
  return place ?? { known: 0, open: 0 };
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

function insertRun(connection: Connection, command: Create, journalBytes: number): number {
  const { summary } = command;
  const ended = isTerminalRun(summary.status);
  const row = connection.get<{ key: number }>(
    `INSERT INTO run (id, journal, head, decided, ended, workflow_id, workflow_version, status, origin, created_at, started_at, finished_at, root, tenant, parent, journal_bytes, ended_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING key`,
    command.runId,
    versionOf(command),
    command.events.length,
    command.events.length,
    ended ? 1 : 0,
    summary.workflowId,
    summary.workflowVersion,
    summary.status,
    JSON.stringify(summary.trigger),
    summary.createdAt,
    summary.startedAt,
    summary.finishedAt,
    summary.root,
    summary.tenant,
    summary.parent ?? null,
    journalBytes,
    ended ? (summary.finishedAt ?? command.at) : null,
  );
  if (row === undefined) throw new Error('the run row was not inserted');
  if (!ended) connection.run(`UPDATE counter SET value = value + 1 WHERE name = 'open'`);
  return row.key;
}

function versionOf(command: Create): number {
  const first = command.events[0];
  if (first?.type !== 'run.started') throw new AppError('INTERNAL', { problem: 'a journal begins with run.started' });
  return first.schema;
}
