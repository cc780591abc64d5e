import { JOURNAL_SCHEMA, parseEventText, type RunEvent, type RunEventBody, type RunId, toEventText } from '@kb-labs/contracts';
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
  if (row !== undefined) checkVersion(runId, row.journal);
  return row;
}

/** The events of one append, as they are stored together. */
export interface Bodies {
  readonly text: string;
  /** How many there are. */
  readonly length: number;
}

/** Events as they are stored, and how many bytes they take: what only keeps them together is not theirs. */
export function toBodies(events: readonly RunEventBody[]): { readonly bodies: Bodies; readonly bytes: number } {
  const text = `[${events.map(toEventText).join(',')}]`;
  return { bodies: { text, length: events.length }, bytes: events.length === 0 ? 0 : Buffer.byteLength(text) - events.length - 1 };
}

/** Events that come one after the other at the same time, neither of which are none. */
export function joined(one: Bodies, next: Bodies): Bodies {
  return { text: `${one.text.slice(0, -1)},${next.text.slice(1)}`, length: one.length + next.length };
}

/** Bits of an entry's place for the number of its last event; those above are the run's. */
const SEQ_BITS = 24;
const LAST_SEQ = 2 ** SEQ_BITS - 1;
const placeOf = (run: string, seq: string): string => `(${run} << ${String(SEQ_BITS)} | ${seq})`;
const afterIn = (run: string, seq: string): string => `place > ${placeOf(run, seq)} AND place < ${placeOf(`${run} + 1`, '0')}`;

/** Writes the events that a run is created with, and how it goes on at once. */
export function openJournal(connection: Connection, bodies: Bodies, { key, at }: { key: number; at: number }): void {
  connection.run('INSERT INTO opening (run, last, at, events) VALUES (?, ?, ?, ?)', key, bodies.length, at, bodies.text);
}

/** Writes events from `after + 1` on. */
export function insertEvents(connection: Connection, bodies: Bodies, { key, after, at }: { key: number; after: number; at: number }): void {
  const last = after + bodies.length;
  if (last > LAST_SEQ) throw new AppError('INTERNAL', { problem: `a journal has no room for event ${String(last)}` });
  if (bodies.length > 0) connection.run(INSERT, key, last, at, bodies.text);
}

const INSERT = `INSERT INTO entry (place, at, events) VALUES (${placeOf('?', '?')}, ?, ?)`;

/** Events after `after`, at most `limit`: all, when that is negative. None, when there is no such run. */
export function readEvents(connection: Connection, runId: RunId, { after, limit }: { after: number; limit: number }): RunEvent[] {
  let seq = Math.max(after, 0);
  const from = Math.min(seq, LAST_SEQ);
  // Each row has at least one event, but for the first, which may have none.
  const rows = connection.all<EntryRow>(READ, from, runId, from, runId, limit < 0 ? limit : limit + 1);
  const events: RunEvent[] = [];
  for (const { journal, last, at, events: text } of rows) {
    checkVersion(runId, journal);
    if (text === null) continue;
    const bodies = parseBodies(text, runId, last);
    const before = last - bodies.length;
    if (before > seq) throw damaged(runId, before + 1);
    for (const body of bodies.slice(seq - before)) events.push(Object.assign(body, { seq: (seq += 1), at }));
  }
  return limit < 0 ? events : events.slice(0, limit);
}

/** Without `events` it says only that there is a run. */
interface EntryRow {
  readonly journal: number;
  readonly last: number;
  readonly at: number;
  readonly events: string | null;
}

/** From the run on, also when its opening is not asked for: its version is looked at in any case. */
const READ = `SELECT journal, last, at, events, ${placeOf('run.key', 'coalesce(last, 0)')} AS place
  FROM run LEFT JOIN opening ON opening.run = run.key AND last > ? WHERE run.id = ?
  UNION ALL
  SELECT journal, place & ${String(LAST_SEQ)}, at, events, place
  FROM run JOIN entry ON ${afterIn('run.key', '?')} WHERE run.id = ? ORDER BY place ${AT_MOST}`;

export function dropEvents(connection: Connection, run: number): void {
  connection.run('DELETE FROM opening WHERE run = ?', run);
  connection.run(`DELETE FROM entry WHERE ${afterIn('?', '0')}`, run, run);
}

function checkVersion(runId: RunId, journal: number): void {
  if (journal === JOURNAL_SCHEMA) return;
  throw new AppError('STATE_SCHEMA', { problem: `the journal of ${runId} is of version ${String(journal)}, this program knows ${String(JOURNAL_SCHEMA)}` });
}

function parseBodies(text: string, runId: RunId, last: number): RunEventBody[] {
  try {
    return parseEventText(text) as RunEventBody[];
  } catch {
    throw damaged(runId, last);
  }
}

function damaged(runId: RunId, seq: number): AppError {
  return new AppError('STATE_CORRUPT', { problem: `the journal of ${runId} cannot be read at event ${String(seq)}` });
}
