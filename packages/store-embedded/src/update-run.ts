import { isTerminalRun, type RunSummary } from '@kb-labs/contracts';

import type { Connection } from './connection.js';
import type { Counters } from './counters.js';
import type { JournalHead } from './journal.js';
import { countAsKept } from './kept-runs.js';

export interface RunUpdate {
  /** The last event of its journal, and the last one of a decision. */
  readonly seq: number;
  readonly decided: number;
  /** By how much its journal has grown. */
  readonly bytes: number;
  readonly summary?: RunSummary;
  readonly at: number;
  readonly counters: Counters;
}

/**
 * Brings the row of a run up to date after an append, in one change: a column that is named is written to every index that has it, changed or not.
 * The rest of a summary never changes after its run was created.
 */
export function updateRun(connection: Connection, journal: JournalHead, { seq, decided, bytes, summary, at, counters }: RunUpdate): void {
  const { key } = journal;
  if (summary !== undefined && isTerminalRun(summary.status)) {
    connection.run(END, seq, decided, bytes, summary.status, summary.startedAt, summary.finishedAt, summary.finishedAt ?? at, key);
    counters.add('open', -1);
    countAsKept(connection, key);
  } else if (summary !== undefined && summary.status !== journal.status) {
    connection.run(GO_ON, seq, decided, bytes, summary.status, summary.startedAt, key);
  } else if (summary !== undefined && summary.startedAt !== journal.started_at) {
    connection.run(BEGIN, seq, decided, bytes, summary.startedAt, key);
  } else if (seq !== journal.head) {
    connection.run(GROW, seq, decided, bytes, key);
  }
}

const GROWN = 'head = ?, decided = ?, journal_bytes = journal_bytes + ?';
const GROW = `UPDATE run SET ${GROWN} WHERE key = ?`;
const BEGIN = `UPDATE run SET ${GROWN}, started_at = ? WHERE key = ?`;
const GO_ON = `UPDATE run SET ${GROWN}, status = ?, started_at = ? WHERE key = ?`;
const END = `UPDATE run SET ${GROWN}, status = ?, started_at = ?, finished_at = ?, ended = 1, ended_at = ?,
  log_bytes = (SELECT coalesce(sum(bytes), 0) FROM log_step WHERE log_step.run = run.key) WHERE key = ?`;
