import type { EarlierJob, EarlierStep, JsonObject, JsonValue, Kept, PlannedJob, PlannedStep, RunState, StepState } from '@kb-labs/contracts';
import { hasCode } from '@kb-labs/errors';
import { endedNeed, jobGraph, keepJob, keepStep, needsContext } from '@kb-labs/resolver';

import { combinationsOf } from './combinations-of.js';
import { evaluateStep, type StepInputs } from './evaluate-step.js';
import type { RunDraft } from './run-draft.js';
import { referencesContext } from './read-secrets.js';

/** Digests are loaded for runs that can keep results of an earlier one, and for no others. */
export async function digestFor(state: RunState): Promise<((value: JsonValue) => string) | undefined> {
  if (state.rerun === undefined) return undefined;
  const { contentDigest } = await import('@kb-labs/digest');
  return (value) => contentDigest('rerun', value);
}

/** Ends a job with the result it had in the earlier run, when nothing it depends on has changed. */
export function keepJobIfSame(draft: RunDraft, planned: PlannedJob): boolean {
  const { state, digest } = draft;
  const earlier = earlierJob(state, planned.key);
  const matrix = state.jobs.get(planned.key)?.combination?.matrix;
  if (state.rerun === undefined || digest === undefined || earlier?.ended === undefined) return false;
  if (digest(earlier.matrix ?? null) !== digest(matrix ?? null)) return false;
  const decision = keepJob({ needs: needsDigest(state, planned, digest), needsRanAgain: ranAgain(state, planned) }, earlier);
  if (!decision.keep) return false;
  const kept: Kept = { run: state.rerun.of, why: decision.why };
  const { outputs, artifacts } = earlier.ended;
  draft.add({ type: 'job.finished', job: planned.key, attempt: 1, status: 'success', outputs, artifacts, kept, reason: { rule: 'kept', message: decision.why } });
  return true;
}

/** A job can have any name, also one that all objects have something under. */
function earlierJob({ rerun }: RunState, key: string): EarlierJob | undefined {
  return rerun !== undefined && Object.hasOwn(rerun.earlier, key) ? rerun.earlier[key] : undefined;
}

/** Of what a job reads of those it needs. */
export function needsDigest(state: RunState, planned: PlannedJob, digest: (value: JsonValue) => string): string {
  return digest(needsContext(planned, (key) => endedNeed(state, key)));
}

/** The jobs above this one that ran in this run and can have changed files. */
export function ranAgain(state: RunState, planned: PlannedJob): string[] {
  const changes = new Set(state.rerun?.changesFiles);
  const { byKey } = jobGraph(state.plan);
  const above = new Set(planned.needs);
  for (const key of above) for (const need of byKey.get(key)?.needs ?? []) above.add(need);
  return [...above].filter((key) => changes.has(key) && !isKept(state, key));
}

function isKept(state: RunState, key: string): boolean {
  const job = state.jobs.get(key);
  if (job?.matrix === undefined) return job?.kept !== undefined || job?.status === 'skipped';
  return combinationsOf(state, job).every((one) => one.kept !== undefined || one.status === 'skipped');
}

/** As `evaluateStep`, with what stands for secrets; `undefined` when that does not tell what a step was given. */
export function comparableInputs(deps: Parameters<typeof evaluateStep>[2], planned: PlannedStep, contexts: JsonObject): StepInputs | undefined {
  if (planned.secrets === undefined && contexts['secrets'] === undefined) return evaluateStep(planned, contexts, deps);
  // What is read out of a secret cannot be told from what stands for it.
  const written = JSON.stringify([planned.with, planned.env]);
  if (/\bfromJSON\b/i.test(written) && /\b(?:secrets|env)\b/i.test(written)) return undefined;
  try {
    return evaluateStep(planned, { ...contexts, secrets: referencesContext(planned.secrets) }, deps);
  } catch (thrown) {
    if (hasCode(thrown, 'EXPRESSION_FAILED')) return undefined;
    throw thrown;
  }
}

/** What a step is given, as it is compared between runs. */
export function inputsDigest(inputs: StepInputs, digest: (value: JsonValue) => string): string {
  return digest({ input: inputs.input, env: { ...inputs.env } });
}

export interface StepAgain {
  readonly planned: PlannedStep;
  readonly inputs: StepInputs;
  /** Of the steps before it in this run. */
  readonly before: readonly StepState[];
  /** A job above ran in this run and can have changed files. */
  readonly filesChanged: boolean;
  /** Digest of what would be shown to those who approve. */
  readonly subject?: string;
}

/** The earlier result of a step, and why it can stand. */
export function keptStep(
  state: RunState,
  at: { job: string; index: number },
  step: StepAgain,
  digest: ((value: JsonValue) => string) | undefined,
): { earlier: EarlierStep; kept: Kept } | undefined {
  const earlier = earlierJob(state, at.job)?.steps[at.index];
  if (state.rerun === undefined || digest === undefined || earlier?.status !== 'success' || earlier.id !== step.planned.id) return undefined;
  const earlierRan = step.filesChanged || step.before.some((one) => one.kept === undefined && one.status !== 'skipped');
  const decision = keepStep(
    { inputs: inputsDigest(step.inputs, digest), earlierRan, ...(step.subject === undefined ? {} : { subject: step.subject }) },
    earlier,
  );
  return decision.keep ? { earlier, kept: { run: state.rerun.of, why: decision.why } } : undefined;
}
