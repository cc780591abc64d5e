import type { LogLine, RunId } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';
import type { Fence, LogPage, LogQuery, StepLogs } from '@kb-labs/ports';

import type { ChangeWatch } from './change-watch.js';
import type { CommitGroup } from './commit-group.js';
import type { Connection } from './connection.js';
import { readLines } from './read-lines.js';
import { isHeld } from './tickets.js';

export class EmbeddedStepLogs implements StepLogs {
  readonly #connection: Connection;
  readonly #group: CommitGroup;
  readonly #watch: ChangeWatch;

  constructor(connection: Connection, group: CommitGroup, watch: ChangeWatch) {
    this.#connection = connection;
    this.#group = group;
    this.#watch = watch;
  }

  append(runId: RunId, fence: Fence, lines: readonly LogLine[]): Promise<boolean> {
    return this.#group.write((changes) => {
      const run = isHeld(this.#connection, runId, fence) ? findKey(this.#connection, runId) : undefined;
      if (run === undefined) return false;
      appendLines(this.#connection, run, lines);
      if (lines.length > 0) changes.logs.add(runId);
      return true;
    });
  }

  lastLine(runId: RunId, job: string, step: string): Promise<number> {
    return this.#group.read(() => {
      const run = findKey(this.#connection, runId);
      return run === undefined ? 0 : (findStep(this.#connection, run, { job, step })?.last ?? 0);
    });
  }

  read(runId: RunId, query: LogQuery): Promise<LogPage> {
    return this.#group.read(() => {
      const run = findKey(this.#connection, runId);
      return run === undefined ? { lines: [], cursor: query.after ?? 0, more: false } : readLines(this.#connection, run, query);
    });
  }

  watch(runId: RunId, onChange: () => void): () => void {
    return this.#watch.watchLogs(runId, onChange);
  }
}

interface StepStream {
  readonly key: number;
  readonly last: number;
  readonly bytes: number;
}

function appendLines(connection: Connection, run: number, lines: readonly LogLine[]): void {
  let cursor = connection.get<{ last: number | null }>('SELECT max(cursor) AS last FROM log_line WHERE run = ?', run)?.last ?? 0;
  const streams = new Map<string, StepStream>();
  for (const line of lines) {
    const name = JSON.stringify([line.job, line.step]);
    const stream = streams.get(name) ?? findStep(connection, run, line) ?? addStep(connection, run, line);
    if (line.n !== stream.last + 1) throw outOfOrder(line, stream.last);
    // As in a text file: the end of each line counts.
    streams.set(name, { key: stream.key, last: line.n, bytes: stream.bytes + Buffer.byteLength(line.text) + 1 });
    cursor += 1;
    connection.run(
      'INSERT INTO log_line (run, cursor, step, attempt, n, at, stream, level, text) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
      run,
      cursor,
      stream.key,
      line.attempt,
      line.n,
      line.at,
      line.stream,
      line.level,
      line.text,
    );
  }
  for (const stream of streams.values()) connection.run('UPDATE log_step SET last = ?, bytes = ? WHERE key = ?', stream.last, stream.bytes, stream.key);
}

function findKey(connection: Connection, runId: RunId): number | undefined {
  return connection.get<{ key: number }>('SELECT key FROM run WHERE id = ?', runId)?.key;
}

function findStep(connection: Connection, run: number, place: { job: string; step: string }): StepStream | undefined {
  return connection.get<StepStream>('SELECT key, last, bytes FROM log_step WHERE run = ? AND job = ? AND step = ?', run, place.job, place.step);
}

function addStep(connection: Connection, run: number, place: { job: string; step: string }): StepStream {
  const row = connection.get<StepStream>(
    'INSERT INTO log_step (run, job, step, last) VALUES (?, ?, ?, 0) RETURNING key, last, bytes',
    run,
    place.job,
    place.step,
  );
  if (row === undefined) throw new Error('the row of a step was not inserted');
  return row;
}

function outOfOrder(line: LogLine, last: number): AppError {
  const place = `${line.job}.${line.step}`;
  return new AppError('STATE_CORRUPT', { problem: `line ${String(line.n)} of ${place} cannot follow line ${String(last)}` });
}
