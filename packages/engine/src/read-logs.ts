import { isTerminalRun, type LogLine, type RunId } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';
import type { LogPage } from '@kb-labs/ports';

import { changes } from './changes.js';
import type { EngineDeps } from './deps.js';
import { toKnownRunId } from './read-run.js';

const PAGE = 1_000;
/** Lines that are read at once, and characters after which a page is full: lines can be long. */
const ROWS = 500;
const PAGE_LENGTH = 4 * 1024 * 1024;

export interface ReadLogs {
  readonly runId: string;
  readonly job?: string;
  readonly step?: string;
  /** Written at or after, in milliseconds since the epoch. */
  readonly since?: number;
  /** The cursor of an earlier page. */
  readonly after?: number;
  /** 1 to 10,000, 1,000 when left out. */
  readonly limit?: number;
}

export type LogDeps = Pick<EngineDeps, 'logs' | 'catalog'>;

/** A page of a run's log, in the order it was stored; shorter than its limit where lines are long. Fails with `RUN_NOT_FOUND`. */
export async function readLogs(deps: LogDeps, query: ReadLogs): Promise<LogPage> {
  const runId = toKnownRunId(query.runId);
  const limit = query.limit ?? PAGE;
  if (!Number.isInteger(limit) || limit < 1 || limit > 10 * PAGE) throw new AppError('USAGE', { problem: `a limit is a whole number from 1 to ${10 * PAGE}` });
  if ((await deps.catalog.getRun(runId)) === undefined) throw new AppError('RUN_NOT_FOUND', { id: runId });
  const lines: LogLine[] = [];
  let cursor = query.after ?? 0;
  let more = true;
  for (let length = 0; more && lines.length < limit && length < PAGE_LENGTH; ) {
    const page = await deps.logs.read(runId, { ...query, after: cursor, limit: Math.min(ROWS, limit - lines.length) });
    lines.push(...page.lines);
    length = page.lines.reduce((sum, { text }) => sum + text.length, length);
    ({ cursor, more } = page);
  }
  return { lines, cursor, more };
}

/** Every line of a run, those there are and those to come, until the run has ended or `signal` is aborted. */
export async function* followLogs(deps: LogDeps & Pick<EngineDeps, 'log'>, query: Omit<ReadLogs, 'limit'>, signal: AbortSignal): AsyncGenerator<LogLine> {
  for await (const page of followLogPages(deps, query, signal)) yield* page.lines;
}

/** The same as pages, each with the cursor it was read behind. Reads on when the next one is asked for. `limit` is of one page. */
export async function* followLogPages(deps: LogDeps & Pick<EngineDeps, 'log'>, query: ReadLogs, signal: AbortSignal): AsyncGenerator<LogPage & { readonly after: number }> {
  const runId = toKnownRunId(query.runId);
  const changed = changes((onChange) => watchLinesAndRun(deps, runId, onChange), signal);
  let after = query.after ?? 0;
  try {
    for (;;) {
      // Asked before the lines are read: once it has ended, everything read afterwards is everything.
      const summary = await deps.catalog.getRun(runId);
      if (summary === undefined) throw new AppError('RUN_NOT_FOUND', { id: runId });
      for (let more = true; more && !signal.aborted; ) {
        const page = await deps.logs.read(runId, { ...query, after, limit: query.limit ?? PAGE });
        yield { ...page, after };
        after = page.cursor;
        more = page.more;
      }
      if (isTerminalRun(summary.status) || !(await changed.next())) return;
    }
  } finally {
    changed.close();
  }
}

/** The end of a run writes no line, and must end a follower all the same. */
function watchLinesAndRun(deps: Pick<EngineDeps, 'logs' | 'log'>, runId: RunId, onChange: () => void): () => void {
  const stops = [deps.logs.watch(runId, onChange), deps.log.watch(runId, onChange)];
  return () => {
    for (const stop of stops) stop();
  };
}
