import { setImmediate } from 'node:timers/promises';

import { type CommandHandler, FatalError, type PluginContext } from '@kb-labs/sdk';

import { type DiffFile, parseDiff } from '../diff/parse-diff.js';
import { type LlmReview, reviewByLlm } from '../llm/review-by-llm.js';
import type { runCommand } from '../plugin.js';
import { isAtLeast, type RuleId } from '../rules/catalog.js';
import type { Finding } from './finding.js';
import { mergeFindings } from './merge-findings.js';
import { reviewDiff } from './review-diff.js';
import { countSeverities, type Reviewed, summarize } from './summarize.js';

/** Of the 1 MiB that a step's outputs may take as JSON; the summary needs some of it too. */
const FINDINGS_BYTES = 700 * 1024;
/** And files that the model did not see. */
const UNSEEN = 1_000;
const UNSEEN_BYTES = 100 * 1024;
const REASON_LENGTH = 1_000;

type Input = Parameters<CommandHandler<typeof runCommand>>[0];

const run: CommandHandler<typeof runCommand> = async (input, ctx) => {
  const { files, problems } = parseDiff(input.diff);
  if (files.length === 0 && input.diff.trim() !== '') {
    throw new FatalError('"diff" is not a unified diff', { code: 'INPUT_INVALID', hint: 'pass what "git diff" prints, or the output "diff" of git:diff' });
  }
  for (const { line, message } of problems.slice(0, 20)) ctx.log.warn(`line ${String(line)} of the diff: ${message}`);

  const byRules = input.mode === 'llm' ? [] : await applyRules(files, new Set(input.rules.disable), ctx);
  const told = await askModel(files, input, ctx);
  const findings = mergeFindings(byRules, told.findings);
  const reviewed: Reviewed = {
    findings,
    counts: countSeverities(findings),
    filesReviewed: files.length,
    linesAdded: files.reduce((sum, file) => sum + file.additions, 0),
    incomplete: problems.length > 0,
    made: { by: told.by, model: told.model, unseen: told.unseen.length, fallback: told.fallback },
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
  const kept = keep(findings, input.maxFindings, FINDINGS_BYTES);
  const unseen = keep(told.unseen, UNSEEN, UNSEEN_BYTES);
  return {
    findings: kept,
    omitted: findings.length - kept.length,
    counts: reviewed.counts,
    summary,
    reviewedBy: told.by,
    ...(told.model === undefined ? {} : { model: told.model }),
    dropped: told.dropped,
    unseen,
    unseenOmitted: told.unseen.length - unseen.length,
    ...(told.fallback === undefined ? {} : { fallback: told.fallback }),
    filesReviewed: reviewed.filesReviewed,
    linesAdded: reviewed.linesAdded,
    incomplete: reviewed.incomplete,
  };
};

export default run;

async function applyRules(files: readonly DiffFile[], disabled: ReadonlySet<RuleId>, ctx: PluginContext): Promise<Finding[]> {
  const reviewing = reviewDiff(files, disabled);
  let percent = 0;
  let step = reviewing.next();
  for (; step.done !== true; step = reviewing.next()) {
    ctx.signal.throwIfAborted();
    const reached = Math.floor((100 * step.value) / files.length);
    if (reached > percent) ctx.progress((percent = reached) / 100);
    // In-process, the engine's own work waits for this loop.
    await setImmediate();
  }
  return step.value;
}

interface Told extends Pick<LlmReview, 'findings' | 'dropped' | 'unseen' | 'model'> {
  readonly by: 'rules' | 'llm' | 'rules+llm';
  readonly fallback: string | undefined;
}

const NOTHING: Omit<Told, 'by'> = { findings: [], dropped: 0, unseen: [], model: undefined, fallback: undefined };

/** What the model says, if it is to be asked. In `auto` its failure is told and the rules stand alone; in `llm` it is the step's. */
async function askModel(files: readonly DiffFile[], { mode, maxRequests }: Pick<Input, 'mode' | 'maxRequests'>, ctx: PluginContext): Promise<Told> {
  if (mode === 'rules') return { ...NOTHING, by: 'rules' };
  const configured = await isConfigured(ctx, mode);
  if (configured === true) {
    const { failure, answers, ...told } = await reviewByLlm(files, ctx, { maxRequests, onAnswer: (done, all) => ctx.progress(done / all) });
    if (failure !== undefined && mode === 'llm') throw failure.thrown;
    const fallback = failure === undefined ? undefined : reasonOf(failure.thrown);
    if (fallback !== undefined) ctx.log.warn(`the language model did not take part to the end: ${fallback}`);
    if (told.unseen.length > 0) ctx.log.info(`${String(told.unseen.length)} changed files were not shown to the language model, or not to the end`);
    return { ...told, fallback, by: mode === 'llm' ? 'llm' : answers > 0 ? 'rules+llm' : 'rules' };
  }
  if (mode === 'llm') throw new FatalError('there is no language model for this step', { code: 'LLM_NOT_CONFIGURED', hint: 'set "llm" in .kb/kb.config.yaml with its key, and leave "services" out of the document or name llm there' });
  if (configured !== false) ctx.log.warn(`the language model takes no part: ${configured}`);
  return { ...NOTHING, by: 'rules', fallback: configured === false ? undefined : configured };
}

/** A reason: it is not known, for the key cannot be read. */
async function isConfigured(ctx: PluginContext, mode: Input['mode']): Promise<boolean | string> {
  try {
    return (await ctx.llm.configured()).chat;
  } catch (thrown) {
    ctx.signal.throwIfAborted();
    if (mode === 'llm') throw thrown;
    return reasonOf(thrown);
  }
}

function reasonOf(thrown: unknown): string {
  return (thrown instanceof Error ? thrown.message : String(thrown)).slice(0, REASON_LENGTH);
}

/** The first ones: at most so many, and never more than an output can hold. */
function keep<Item>(items: readonly Item[], limit: number, maxBytes: number): Item[] {
  let bytes = 0;
  const kept: Item[] = [];
  for (const item of items.slice(0, limit)) {
    bytes += Buffer.byteLength(JSON.stringify(item)) + 1;
    if (bytes > maxBytes) break;
    kept.push(item);
  }
  return kept;
}
