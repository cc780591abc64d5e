import { createHash } from 'node:crypto';

import { type CommandHandler, FatalError } from '@kb-labs/sdk';

import { findChecks } from '../checks/find-checks.js';
import { runCheck, type CheckResult } from '../checks/run-check.js';
import type { runCommand } from '../plugin.js';
import { relativeTo } from '../reports/find-place.js';
import { collectIssues, countIssues, fitIssues } from './collect-issues.js';
import { summarize } from './summarize.js';

const run: CommandHandler<typeof runCommand> = async (input, ctx) => {
  const folder = normal(input.folder);
  const reports = `.kb-qa-${createHash('sha256').update(ctx.idempotencyKey).digest('hex').slice(0, 12)}`;
  const reportFolder = folder === '.' ? reports : `${folder}/${reports}`;
  const toRelative = relativeTo(ctx.workspace, folder);
  const checks = await findChecks(ctx, input, { folder, reports });

  const results: CheckResult[] = [];
  try {
    // What an earlier try has left would be taken for what this one writes.
    await ctx.fs.remove(reportFolder);
    await ctx.fs.write(`${reportFolder}/.gitignore`, '*\n');
    for (const check of checks) {
      ctx.signal.throwIfAborted();
      ctx.log.info(`[${check.name}] ${check.tool === 'command' ? 'as the document says' : `${check.program} ${check.args.join(' ')}`}`);
      results.push(await runCheck(ctx, check, { folder, toRelative }));
      ctx.progress(results.length / checks.length);
    }
  } finally {
    // Of a step that was aborted, the context may be gone already.
    await ctx.fs.remove(reportFolder).catch(() => undefined);
  }

  const issues = collectIssues(results);
  const counts = countIssues(results);
  const status = results.some((result) => result.status === 'failed') ? ('failed' as const) : ('passed' as const);
  const summary = summarize({ results, issues, counts, status });
  await ctx.artifacts.save({ name: 'issues.json', type: 'issues', label: 'Issues', content: `${JSON.stringify(issues, null, 2)}\n` });
  await ctx.artifacts.save({ name: 'qa.md', type: 'markdown', label: 'Checks', content: summary });

  const failed = results.filter((result) => result.status === 'failed').map(({ check: { name } }) => name);
  if (input.failOn !== 'none' && (failed.length > 0 || (input.failOn === 'warning' && counts.warning > 0))) {
    const what = failed.length > 0 ? `${failed.join(', ')} failed` : `there are ${String(counts.warning)} warnings`;
    // Tests can fail by chance: whether to try again is for the step's retry policy.
    throw Object.assign(new Error(`${what}${firstWords(issues)}`), {
      code: 'QA_FAILED',
      hint: 'the artifacts qa.md and issues.json list what was found',
      details: { counts, checks: results.map(asOutput), issues: issues.slice(0, 20).map(({ message, ...issue }) => ({ ...issue, message: message.slice(0, 500) })) },
    });
  }
  const kept = fitIssues(issues, input.maxIssues);
  return { status, checks: results.map(asOutput), issues: kept, omitted: counts.error + counts.warning - kept.length, counts, summary };
};

export default run;

function asOutput({ check, status, durationMs, parsed, report: { passed, failed, skipped } }: CheckResult) {
  return { name: check.name, tool: check.tool, status, passed, failed, skipped, durationMs, parsed };
}

function firstWords(issues: ReturnType<typeof collectIssues>): string {
  const [first] = issues;
  if (first === undefined) return '';
  const place = first.line === 0 ? '' : ` (${first.file}:${String(first.line)})`;
  return `: ${first.message.split('\n', 1)[0]?.slice(0, 300) ?? ''}${place}${issues.length > 1 ? `, and ${String(issues.length - 1)} more` : ''}`;
}

function normal(folder: string): string {
  const parts = folder.split('/').filter((part) => part !== '' && part !== '.');
  if (folder.startsWith('/') || parts.includes('..')) throw new FatalError(`${JSON.stringify(folder)} is not a path below the workspace`, { code: 'INPUT_INVALID' });
  return parts.length === 0 ? '.' : parts.join('/');
}
