import { setImmediate } from 'node:timers/promises';

import { type CommandHandler, FatalError } from '@kb-labs/sdk';

import { parseDiff } from '../diff/parse-diff.js';
import type { runCommand } from '../plugin.js';
import { isAtLeast } from '../rules/catalog.js';
import type { Finding } from './finding.js';
import { reviewDiff } from './review-diff.js';
import { countSeverities, type Reviewed, summarize } from './summarize.js';

/** Of the 1 MiB that a step's outputs may take as JSON; the summary needs some of it too. */
const FINDINGS_BYTES = 700 * 1024;

const run: CommandHandler<typeof runCommand> = async (input, ctx) => {
  const { files, problems } = parseDiff(input.diff);
  if (files.length === 0 && input.diff.trim() !== '') {
    throw new FatalError('"diff" is not a unified diff', { code: 'INPUT_INVALID', hint: 'pass what "git diff" prints, or the output "diff" of git:diff' });
  }
  for (const { line, message } of problems.slice(0, 20)) ctx.log.warn(`line ${String(line)} of the diff: ${message}`);

  const reviewing = reviewDiff(files, new Set(input.rules.disable));
  let percent = 0;
  let step = reviewing.next();
  for (; step.done !== true; step = reviewing.next()) {
    ctx.signal.throwIfAborted();
    const reached = Math.floor((100 * step.value) / files.length);
    if (reached > percent) ctx.progress((percent = reached) / 100);
    // In-process, the engine's own work waits for this loop.
    await setImmediate();
  }
  const findings = step.value;
  const reviewed: Reviewed = {
    findings,
    counts: countSeverities(findings),
    filesReviewed: files.length,
    linesAdded: files.reduce((sum, file) => sum + file.additions, 0),
    incomplete: problems.length > 0,
  };
  const summary = summarize(reviewed);
  await ctx.artifacts.save({ name: 'review.md', type: 'markdown', label: 'Review', content: summary });
  await ctx.artifacts.save({ name: 'findings.json', type: 'issues', label: 'Findings', content: `${JSON.stringify(findings, null, 2)}\n` });
  ctx.progress(1);

  const { failOn } = input;
  const blocking = failOn === 'none' ? [] : findings.filter(({ severity }) => isAtLeast(severity, failOn));
  if (blocking.length > 0) {
    throw new FatalError(`the review has ${String(blocking.length)} findings of severity ${failOn} or worse`, {
      code: 'REVIEW_FINDINGS',
      hint: 'the artifacts review.md and findings.json list them',
      details: { counts: reviewed.counts },
    });
  }
  const kept = keep(findings, input.maxFindings);
  return {
    findings: kept,
    omitted: findings.length - kept.length,
    counts: reviewed.counts,
    summary,
    mode: 'rules' as const,
    filesReviewed: reviewed.filesReviewed,
    linesAdded: reviewed.linesAdded,
    incomplete: reviewed.incomplete,
  };
};

export default run;

/** The first findings, worst first: at most so many, and never more than an output can hold. */
function keep(findings: readonly Finding[], limit: number): Finding[] {
  let bytes = 0;
  const kept: Finding[] = [];
  for (const finding of findings.slice(0, limit)) {
    bytes += Buffer.byteLength(JSON.stringify(finding)) + 1;
    if (bytes > FINDINGS_BYTES) break;
    kept.push(finding);
  }
  return kept;
}
