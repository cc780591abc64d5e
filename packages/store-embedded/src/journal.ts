import { JOURNAL_SCHEMA, type RunEvent, type RunEventBody, type RunId } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';
import type { Fence } from '@kb-labs/ports';

import { AT_MOST, type Connection } from './connection.js';

/** What an append decides on. */
export interface JournalHead {
  readonly key: number;
  readonly head: number;
  /** The last event that was appended as a decision: with a word on what it was based on. */
  readonly decided: number;
  readonly ended: number;
  readonly status: string;
  readonly started_at: number | null;
  /** Whether the lease that was asked about is the valid one of its ticket, for work on this run. */
  readonly held: 0 | 1;
}

/** The end of a run's journal; `undefined` when there is none. Fails with `STATE_SCHEMA` for a journal of another version. */
export function findHead(connection: Connection, runId: RunId, fence?: Fence): JournalHead | undefined {
  const row = connection.get<JournalHead & { journal: number }>(
    `SELECT key, journal, head, decided, ended, status, started_at,
       EXISTS (SELECT 1 FROM ticket WHERE ticket.id = ? AND token = ? AND run_id = run.id) AS held FROM run WHERE id = ?`,
    fence?.ticket ?? null,
    fence?.token ?? null,
    runId,
  );
  if (row !== undefined && row.journal !== JOURNAL_SCHEMA) {
    throw new AppError('STATE_SCHEMA', { problem: `the journal of ${runId} is of version ${String(row.journal)}, this program knows ${String(JOURNAL_SCHEMA)}` });
  }
  return row;
}

/** Events as they are stored, and how many bytes they take. */
export function toBodies(events: readonly RunEventBody[]): { readonly bodies: readonly string[]; readonly bytes: number } {
  const bodies = events.map((event) => JSON.stringify(event));
  return { bodies, bytes: bodies.reduce((sum, body) => sum + Buffer.byteLength(body), 0) };
}

/** Writes events from `after + 1` on. */
export function insertEvents(connection: Connection, bodies: readonly string[], place: { key: number; after: number; at: number }): void {
  for (const [index, body] of bodies.entries()) {
    connection.run('INSERT INTO event (run, seq, at, body) VALUES (?, ?, ?, ?)', place.key, place.after + 1 + index, place.at, body);
  }
}

export function readEvents(connection: Connection, runId: RunId, range: { after: number; limit: number }): RunEvent[] {
  const journal = findHead(connection, runId);
  if (journal === undefined) return [];
  const rows = connection.all<{ seq: number; at: number; body: string }>(
    READ,
    journal.key,
    range.after,
    range.limit,
  );
  return rows.map((row, index) => {
    if (row.seq !== Math.max(range.after, 0) + 1 + index) throw damaged(runId, row.seq);
    return { ...parseBody(row.body, runId, row.seq), seq: row.seq, at: row.at };
  });
}

const READ = `SELECT seq, at, body FROM event WHERE run = ? AND seq > ? ORDER BY seq ${AT_MOST}`;

function parseBody(text: string, runId: RunId, seq: number): RunEventBody {
  try {
    return JSON.parse(text) as RunEventBody;
  } catch {
    throw damaged(runId, seq);
  }
}

function damaged(runId: RunId, seq: number): AppError {
  return new AppError('STATE_CORRUPT', { problem: `the journal of ${runId} cannot be read at event ${String(seq)}` });
}
