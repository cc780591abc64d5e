import type { LogLine } from '@kb-labs/contracts';
import type { LogPage, LogQuery } from '@kb-labs/ports';

import { AT_MOST, type Connection } from './connection.js';

interface LineRow extends LogLine {
  readonly cursor: number;
}

/** One page of a run's lines. At the end of the log the cursor is past everything looked at, also what the filters left out. */
export function readLines(connection: Connection, run: number, query: LogQuery): LogPage {
  const after = query.after ?? 0;
  const end = connection.get<{ last: number | null }>('SELECT max(cursor) AS last FROM log_line WHERE run = ?', run)?.last ?? 0;
  const limit = Math.max(query.limit, 0);
  const rows = selectRows(connection, run, { query, after, end, limit: limit + 1 });
  const more = rows.length > limit;
  const page = more ? rows.slice(0, limit) : rows;
  return { lines: page.map(toLine), cursor: more ? (page.at(-1)?.cursor ?? after) : Math.max(end, after), more };
}

function selectRows(
  connection: Connection,
  run: number,
  range: { query: LogQuery; after: number; end: number; limit: number },
): LineRow[] {
  const { job, step, since } = range.query;
  const conditions = ['line.run = ?', 'cursor > ?', 'cursor <= ?'];
  const values: (string | number)[] = [run, range.after, range.end];
  for (const [condition, value] of [
    ['job = ?', job],
    ['log_step.step = ?', step],
    ['at >= ?', since],
  ] as const) {
    if (value === undefined) continue;
    conditions.push(condition);
    values.push(value);
  }
  return connection.all<LineRow>(
    `SELECT cursor, job, log_step.step AS step, attempt, n, at, stream, level, text
     FROM log_line AS line CROSS JOIN log_step ON log_step.key = line.step
     WHERE ${conditions.join(' AND ')} ORDER BY cursor ${AT_MOST}`,
    ...values,
    range.limit,
  );
}

function toLine(row: LineRow): LogLine {
  const { job, step, attempt, n, at, stream, level, text } = row;
  return { job, step, attempt, n, at, stream, level, text };
}
