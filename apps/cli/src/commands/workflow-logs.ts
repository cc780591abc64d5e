import type { LogLine, RunView } from '@kb-labs/contracts';
import type { Composition } from '@kb-labs/daemon';
import { followLogs, type ReadLogs, readLogs, readRun } from '@kb-labs/engine';
import { AppError, EXIT_CODES, type ExitCode, suggestName } from '@kb-labs/errors';

import type { CommandContext, CommandHandler } from '../command-context.js';
import type { ArgsOf } from '../command-spec.js';
import type { SpecOf } from '../command-table.js';
import { parseInstant } from '../input/parse-instant.js';
import { logLineView, renderLogLine } from '../render/log-line.js';

const PAGE = 1_000;

export const execute: CommandHandler<'workflow:logs'> = async (context, args) => {
  checkNumbers(args);
  const { deps } = await context.engine();
  const query = toQuery(args, context.terminal.now());
  checkNames(await readRun(deps, query.runId), query);
  const show = (line: LogLine): void => {
    if (context.json) context.terminal.printJson(logLineView(line));
    else context.terminal.print(renderLogLine(line, context.terminal.style));
  };
  if (args.follow) return follow(deps, query, show);
  if (context.json) return printPage(context, deps, { ...query, limit: args.limit ?? PAGE });
  await printAll(deps, query, { limit: args.limit ?? Number.POSITIVE_INFINITY, show });
  return undefined;
};

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
  const steps = run.jobs.filter(({ key }) => job === undefined || key === job).flatMap((one) => one.steps.map(({ id }) => id));
  if (step !== undefined && !steps.includes(step)) throw unknownName('STEP_NOT_FOUND', step, steps);
}

function unknownName(code: 'JOB_NOT_FOUND' | 'STEP_NOT_FOUND', id: string, known: readonly string[]): AppError {
  const hint = suggestName(id, known);
  return new AppError(code, { id }, hint === undefined ? {} : { hint });
}

type Deps = Composition['deps'];

async function follow(deps: Deps, query: ReadLogs, show: (line: LogLine) => void): Promise<ExitCode | undefined> {
  const interrupted = new AbortController();
  process.once('SIGINT', () => {
    interrupted.abort();
  });
  for await (const line of followLogs(deps, query, interrupted.signal)) show(line);
  return interrupted.signal.aborted ? EXIT_CODES.interrupted : undefined;
}

async function printPage({ terminal }: CommandContext, deps: Deps, query: ReadLogs): Promise<undefined> {
  const { lines, cursor, more } = await readLogs(deps, query);
  terminal.printJson({ items: lines.map(logLineView), ...(more ? { nextCursor: String(cursor) } : {}) });
}

async function printAll(deps: Deps, query: ReadLogs, { limit, show }: { limit: number; show: (line: LogLine) => void }): Promise<void> {
  let left = limit;
  let after = query.after ?? 0;
  for (let more = left > 0; more; ) {
    const page = await readLogs(deps, { ...query, after, limit: Math.min(left, PAGE) });
    page.lines.forEach(show);
    left -= page.lines.length;
    after = page.cursor;
    more = page.more && left > 0;
  }
}
