import { FatalError, type PluginContext } from '@kb-labs/sdk';

import { readReport } from '../reports/read-report.js';
import { addIssue, emptyReport, mergeReports, type Relative, type Report } from '../reports/report.js';
import type { Check } from './find-checks.js';
import type { Format } from './names.js';

export interface CheckResult {
  readonly check: Check;
  readonly status: 'passed' | 'failed';
  readonly durationMs: number;
  readonly parsed: boolean;
  readonly report: Report;
}

type CheckContext = Pick<PluginContext, 'exec' | 'env' | 'fs' | 'log'>;

const MAX_REPORT_BYTES = 32 * 1024 * 1024;
const MAX_REPORTS = 1_000;
/** Of what a program prints, kept to be read. */
const PRINTED_LENGTH = 8 * 1024 * 1024;
const LAST_LINES = 60;

/** Runs one check and reads what it says. It has passed only when its exit code is 0 and its report has no failure. */
export async function runCheck(ctx: CheckContext, check: Check, { folder, toRelative }: { folder: string; toRelative: Relative }): Promise<CheckResult> {
  const before = check.report?.kind === 'glob' ? await timesOf(ctx.fs, folder, check.report.path) : new Map<string, string>();
  const startedAt = performance.now();
  const { exitCode, printed, last } = await start(ctx, check, folder);
  const durationMs = Math.round(performance.now() - startedAt);
  const read = await readResults(ctx, check, { folder, printed, before, toRelative });
  const report = read ?? emptyReport();
  if (report.problem !== undefined) {
    addIssue(report, { file: '.', line: 0, column: 0, severity: 'error', rule: 'report-unreadable', message: `the report of ${check.tool} cannot be read: ${report.problem}` });
  }
  // A coverage threshold, a crash, something outside of any test.
  if (exitCode !== 0 && report.counts.error === 0) {
    const words = wordsOf(last);
    addIssue(report, { file: '.', line: 0, column: 0, severity: 'error', rule: 'exit-code', message: `${check.tool} ended with exit code ${String(exitCode)}${words === '' ? '' : `: ${words}`}` });
  }
  return { check, status: exitCode === 0 && report.failed === 0 && report.problem === undefined ? 'passed' : 'failed', durationMs, parsed: read !== undefined && read.problem === undefined, report };
}

/** The end of what it said, from where it first speaks of an error. */
function wordsOf(last: readonly string[]): string {
  const lines = last.filter((line) => line.trim() !== '');
  const first = lines.findIndex((line) => /error|fail/i.test(line));
  return (first === -1 ? lines.slice(-15) : lines.slice(first, first + 15)).join('\n');
}

const QUIET = { CI: 'true', NO_COLOR: '1', npm_config_update_notifier: 'false', COREPACK_ENABLE_DOWNLOAD_PROMPT: '0' } as const;
/** pnpm is not to install anything before a check. npm would complain about a setting it does not know. */
const NO_INSTALL = { npm_config_verify_deps_before_run: 'false', pnpm_config_verify_deps_before_run: 'false' } as const;

async function start(ctx: CheckContext, check: Check, folder: string): Promise<{ exitCode: number; printed: string; last: string[] }> {
  const last: string[] = [];
  const lines: string[] = [];
  let length = 0;
  const env: Record<string, string> = { ...QUIET, ...(check.program === 'pnpm' ? NO_INSTALL : {}) };
  for (const name of Object.keys(env)) env[name] = ctx.env[name] ?? env[name] ?? '';
  for (const [name, value] of Object.entries(check.env)) {
    const own = ctx.env[name];
    env[name] = own === undefined ? value : `${own} ${value}`;
  }
  try {
    const { exitCode } = await ctx.exec(check.program, check.args, {
      cwd: folder,
      env,
      onLine: (line, stream) => {
        if (line.trim() !== '') ctx.log.info(`[${check.name}] ${line}`);
        last.push(line.slice(0, 1_000));
        if (last.length > LAST_LINES) last.shift();
        if (stream !== 'stdout' || length > PRINTED_LENGTH) return;
        lines.push(line);
        length += line.length + 1;
      },
    });
    return { exitCode, printed: lines.join('\n'), last };
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'PROGRAM_NOT_FOUND')) throw error;
    throw new FatalError(`${check.program} is not on this machine`, { code: 'PROGRAM_NOT_FOUND', hint: `install ${check.program} where the worker runs, or give "commands.${check.name}"`, cause: error });
  }
}

interface ToRead {
  readonly folder: string;
  readonly printed: string;
  /** Of the files of a glob, as they were. */
  readonly before: ReadonlyMap<string, string>;
  readonly toRelative: Relative;
}

/** `undefined` when there is no report that anybody has asked for. */
async function readResults(ctx: CheckContext, { report, tool }: Check, { folder, printed, before, toRelative }: ToRead): Promise<Report | undefined> {
  switch (report?.kind) {
    case undefined:
      return undefined;
    case 'printed':
      return readReport(printed, report.format, toRelative);
    case 'guess':
      return guess(printed, report.format, toRelative);
    case 'file': {
      const path = at(folder, report.path);
      return (await ctx.fs.exists(path)) ? readFile(ctx.fs, path, { format: report.format, toRelative }) : { ...emptyReport(), problem: `${tool} has not written one` };
    }
    case 'glob': {
      const now = await timesOf(ctx.fs, folder, report.path);
      const written = [...now].filter(([path, time]) => before.get(path) !== time).map(([path]) => path);
      if (written.length === 0) return { ...emptyReport(), problem: now.size === 0 ? `there is no file ${report.path}` : `the command has not written ${report.path}; what is there is older` };
      const reports: Report[] = [];
      for (const path of written.slice(0, MAX_REPORTS)) reports.push(await readFile(ctx.fs, path, { format: report.format, toRelative }));
      const merged = mergeReports(reports);
      return written.length > MAX_REPORTS ? { ...merged, problem: `there are more than ${String(MAX_REPORTS)} reports` } : merged;
    }
  }
}

async function readFile(fs: PluginContext['fs'], path: string, { format, toRelative }: { format: Format; toRelative: Relative }): Promise<Report> {
  const { bytes } = await fs.stat(path);
  if (bytes > MAX_REPORT_BYTES) return { ...emptyReport(), problem: `${path} is larger than 32 MiB` };
  return readReport(await fs.readText(path), format, toRelative);
}

/** What a script of any kind prints is a report only when it looks like one. */
function guess(printed: string, format: Format, toRelative: Relative): Report | undefined {
  if (format === 'tap') {
    const start = /^TAP version \d+$/m.exec(printed);
    return start === null ? undefined : readReport(printed.slice(start.index), 'tap', toRelative);
  }
  const report = readReport(printed, format, toRelative);
  return report.counts.error + report.counts.warning > 0 ? report : undefined;
}

async function timesOf(fs: PluginContext['fs'], folder: string, glob: string): Promise<Map<string, string>> {
  const times = new Map<string, string>();
  for (const path of await fs.list(at(folder, glob.replace(/^(?:\.\/)+/, '')))) {
    const { modifiedAt, bytes } = await fs.stat(path);
    times.set(path, `${String(modifiedAt)} ${String(bytes)}`);
  }
  return times;
}

function at(folder: string, file: string): string {
  return folder === '.' ? file : `${folder}/${file}`;
}
