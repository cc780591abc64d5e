import type { LogLine, RunView } from '@kb-labs/contracts';
import type { ReadLogs } from '@kb-labs/engine';
import { AppError, EXIT_CODES, type ExitCode, suggestName } from '@kb-labs/errors';

import type { CommandContext, CommandHandler } from '../command-context.js';
import type { ArgsOf } from '../command-spec.js';
import type { SpecOf } from '../command-table.js';
import type { RunDesk } from '../desk/run-desk.js';
import { parseInstant } from '../input/parse-instant.js';
import { logLineView, renderLogLine } from '../render/log-line.js';

const PAGE = 1_000;

export const execute: CommandHandler<'workflow:logs'> = async (context, args) => {
  checkNumbers(args);
  const desk = await context.desk();
  const written = toQuery(args, context.terminal.now());
  const run = await desk.read(written.runId);
  checkNames(run, written);
  const { query, keep } = withCombinations(written, run, args.follow);
  const show = (line: LogLine): void => {
    if (context.json) context.terminal.printJson(logLineView(line));
    else context.terminal.print(renderLogLine(line, context.terminal.style));
  };
  if (args.follow) return follow(desk, query, (line) => { if (keep(line)) show(line); });
  if (context.json) return printPage(context, desk, { query, keep, limit: args.limit ?? PAGE });
  await printAll(desk, query, { limit: args.limit ?? Number.POSITIVE_INFINITY, keep, show });
  return undefined;
};

type Keep = (line: LogLine) => boolean;

/**
 * A job with a matrix stands for all its combinations: their lines come from the log of the whole run. A job that has not begun can
 * still become combinations while it is followed. No other job has a dot in its key.
 */
function withCombinations({ job, ...query }: ReadLogs, run: RunView, following: boolean): { query: ReadLogs; keep: Keep } {
  if (job === undefined) return { query, keep: () => true };
  const open = following && run.jobs.some(({ key, startedAt, combinationOf }) => key === job && startedAt === null && combinationOf === undefined);
  if (!open && !run.jobs.some(({ combinationOf }) => combinationOf === job)) return { query: { ...query, job }, keep: () => true };
  return { query, keep: (line) => line.job === job || line.job.startsWith(`${job}.`) };
}

function toQuery(args: ArgsOf<SpecOf<'workflow:logs'>>, now: number): ReadLogs {
  return {
    runId: args['run-id'],
    ...(args.job === undefined ? {} : { job: args.job }),
    ...(args.step === undefined ? {} : { step: args.step }),
    ...(args.since === undefined ? {} : { since: parseInstant('--since', args.since, now) }),
    ...(args.cursor === undefined ? {} : { after: args.cursor }),
  };
}

function checkNumbers({ cursor, follow, limit }: ArgsOf<SpecOf<'workflow:logs'>>): void {
  if (limit !== undefined && follow) throw new AppError('USAGE', { problem: '--limit and --follow do not go together' }, { hint: 'a log that is followed ends with the run' });
  if (limit !== undefined && limit < 1) throw new AppError('USAGE', { problem: `--limit is at least 1, not ${String(limit)}` });
  if (cursor !== undefined && cursor < 0) throw new AppError('USAGE', { problem: `${String(cursor)} is no cursor of a page` });
}

/** A mistyped name would look like an empty log. */
function checkNames(run: RunView, { job, step }: ReadLogs): void {
  const jobs = run.jobs.map(({ key }) => key);
  if (job !== undefined && !jobs.includes(job)) throw unknownName('JOB_NOT_FOUND', job, jobs);
  if (step === undefined) return;
  const steps = new Set(run.jobs.filter(({ key, combinationOf }) => job === undefined || key === job || combinationOf === job).flatMap((one) => one.steps.map(({ id }) => id)));
  if (!steps.has(step)) throw unknownName('STEP_NOT_FOUND', step, [...steps]);
}

function unknownName(code: 'JOB_NOT_FOUND' | 'STEP_NOT_FOUND', id: string, known: readonly string[]): AppError {
  const hint = suggestName(id, known);
  return new AppError(code, { id }, hint === undefined ? {} : { hint });
}

async function follow(desk: RunDesk, query: ReadLogs, show: (line: LogLine) => void): Promise<ExitCode | undefined> {
  const interrupted = new AbortController();
  process.once('SIGINT', () => {
    interrupted.abort();
  });
  for await (const line of desk.followLogs(query, interrupted.signal)) show(line);
  return interrupted.signal.aborted ? EXIT_CODES.interrupted : undefined;
}

interface Reading {
  readonly keep: Keep;
  readonly limit: number;
}

async function printPage({ terminal }: CommandContext, desk: RunDesk, { query, ...reading }: Reading & { query: ReadLogs }): Promise<undefined> {
  const items: ReturnType<typeof logLineView>[] = [];
  const { cursor, more } = await readUpTo(desk, query, { ...reading, take: (line) => items.push(logLineView(line)) });
  terminal.printJson({ items, cursor: String(cursor), ...(more ? { nextCursor: String(cursor) } : {}) });
}

async function printAll(desk: RunDesk, query: ReadLogs, { show, ...reading }: Reading & { show: (line: LogLine) => void }): Promise<void> {
  await readUpTo(desk, query, { ...reading, take: show });
}

/** Reads so many lines that are kept, and not one more: the cursor stands behind the last of them. */
async function readUpTo(desk: RunDesk, query: ReadLogs, { keep, limit, take }: Reading & { take: (line: LogLine) => void }): Promise<{ cursor: number; more: boolean }> {
  let left = limit;
  let cursor = query.after ?? 0;
  let more = true;
  while (more && left > 0) {
    const page = await desk.readLogs({ ...query, after: cursor, limit: Math.min(left, PAGE) });
    const kept = page.lines.filter(keep);
    kept.forEach(take);
    left -= kept.length;
    ({ cursor, more } = page);
  }
  return { cursor, more };
}
