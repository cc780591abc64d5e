import {
  isTerminalJob,
  isTerminalRun,
  type EarlierJob,
  type EarlierStep,
  type JobState,
  type JsonValue,
  type PlannedJob,
  type PlannedStep,
  type Rerun,
  type RunState,
  type RunView,
} from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';
import { parseTemplate, callsOf } from '@kb-labs/expressions';
import { toRunView } from '@kb-labs/projector';
import { plannedJob, stepsContext } from '@kb-labs/resolver';

import { toApproval } from './begin-wait.js';
import type { EngineDeps } from './deps.js';
import { findStep } from './find-step.js';
import { jobContexts } from './job-contexts.js';
import { comparableInputs, inputsDigest, needsDigest } from './keep-results.js';
import { readRun, readRunState } from './read-run.js';
import { rerunChoices, type RerunChoices } from './rerun-choices.js';
import { acceptRun, checkedKey, type AcceptDeps } from './start-run.js';

export interface RerunRun {
  readonly runId: string;
  /** `all`: everything again; `failed`: what did not succeed, and what comes after it; `from`: one step, and what comes after it. */
  readonly mode: 'all' | 'failed' | 'from';
  /** `<step>` or `<job>/<step>`, for `from`. */
  readonly from?: string;
  /** Who asks, for people. */
  readonly by: string;
  /** The same key with the same request is the same run, for at least a day. */
  readonly idempotencyKey?: string;
}

export interface StartedRerun extends RerunChoices {
  readonly run: RunView;
  /** The key was known: this is the run it made then. */
  readonly repeated: boolean;
}

export type RerunDeps = AcceptDeps & Pick<EngineDeps, 'plugins' | 'files' | 'workspace' | 'callbacks'>;

/**
 * Starts a new run with the plan, inputs and environment of one that has ended. Results of the earlier run stand where
 * nothing they depend on has changed: that is decided when the new run comes to them, and recorded with each.
 * Fails with `RUN_NOT_FOUND`, `RERUN_INVALID`, `STEP_NOT_FOUND`, `IDEMPOTENCY_CONFLICT` or `QUEUE_FULL`.
 */
export async function rerunRun(deps: RerunDeps, command: RerunRun): Promise<StartedRerun> {
  const key = checkedKey(command.idempotencyKey);
  const earlier = await readRunState(deps, command.runId);
  if (!isTerminalRun(earlier.status)) throw new AppError('RERUN_INVALID', { problem: 'it has not ended: cancel it first, or wait' });
  if (command.mode === 'failed' && earlier.status === 'success') throw new AppError('RERUN_INVALID', { problem: 'it succeeded: there is nothing that failed' });
  const from = command.mode === 'from' ? findStep(earlier, command.from ?? '', () => true) : undefined;
  const results = command.mode === 'all' ? {} : await earlierResults(deps, earlier, from);
  const rerun: Rerun = {
    of: earlier.id,
    mode: command.mode,
    ...(from === undefined ? {} : { from: { job: from.job.key, step: from.step.id } }),
    changesFiles: await jobsThatChangeFiles(deps, earlier),
    earlier: results,
  };
  // It answers nobody, and no session waits for it.
  const { parent: _parent, session: _session, ...trigger } = earlier.trigger;
  const accepted = await acceptRun(deps, {
    runId: deps.ids.runId(),
    plan: earlier.plan,
    trigger: { ...trigger, type: 'manual', actor: command.by },
    tenant: earlier.tenant,
    rerun,
    ...(key === undefined ? {} : { idempotency: { key, request: { rerunOf: earlier.id, mode: command.mode, from: command.from ?? null } } }),
  });
  const all = earlier.plan.jobs.map(({ key }) => ({ job: key, why: 'everything runs again' }));
  const choices = command.mode === 'all' ? { keeps: [], again: all } : rerunChoices(earlier, results, from === undefined ? undefined : { job: from.job.key });
  const { repeated } = accepted;
  return { run: repeated === undefined ? toRunView(accepted.state) : await readRun(deps, repeated), repeated: repeated !== undefined, ...choices };
}

async function jobsThatChangeFiles(deps: Pick<EngineDeps, 'plugins'>, state: RunState): Promise<string[]> {
  const found: string[] = [];
  for (const job of state.plan.jobs) {
    for (const step of job.steps) {
      // What a called workflow does is not known here.
      if (step.uses.kind !== 'workflow' && !(await deps.plugins.mayChangeFiles(step.uses))) continue;
      found.push(job.key);
      break;
    }
  }
  return found;
}

async function earlierResults(
  deps: RerunDeps,
  state: RunState,
  from: ReturnType<typeof findStep> | undefined,
): Promise<Record<string, EarlierJob>> {
  const { contentDigest } = await import('@kb-labs/digest');
  const digest = (value: JsonValue): string => contentDigest('rerun', value);
  const results = new Map<string, EarlierJob>();
  for (const job of state.jobs.values()) {
    const planned = plannedJob(state, job.key);
    if (planned === undefined || job.matrix !== undefined) continue;
    if (!isTerminalJob(job.status) || job.status === 'skipped') continue;
    const isFrom = job.key === from?.job.key;
    const until = isFrom ? job.steps.findIndex((step) => step.id === from?.step.id) : job.steps.length;
    const steps = await earlierSteps(deps, { state, planned, job, until }, digest);
    const unknown = steps.findIndex((step) => step.status === 'success' && step.inputs === null);
    const whole = job.status === 'success' && !isFrom && unknown === -1;
    const { outputs, artifacts } = job;
    results.set(job.key, {
      ...(job.combination === undefined ? {} : { matrix: job.combination.matrix }),
      ...(whole ? { ended: { outputs, artifacts } } : {}),
      needs: needsDigest(state, planned, digest),
      steps,
    });
  }
  return Object.fromEntries(results);
}

/** The steps from the first on that ended well, without a gap. */
async function earlierSteps(
  deps: RerunDeps,
  at: { state: RunState; planned: PlannedJob; job: JobState; until: number },
  digest: (value: JsonValue) => string,
): Promise<EarlierStep[]> {
  const { planned, job } = at;
  const steps: EarlierStep[] = [];
  for (const [index, step] of job.steps.slice(0, at.until).entries()) {
    const plannedStep = planned.steps[index];
    if (plannedStep === undefined || (step.status !== 'success' && step.status !== 'skipped')) break;
    const { id, status, outputs, artifacts } = step;
    steps.push({ id, status, outputs, artifacts, ...(await inputsOf(deps, { ...at, index, step: plannedStep }, digest)) });
  }
  return steps;
}

/** What a step was given, as far as it can be told afterwards. */
async function inputsOf(
  deps: RerunDeps,
  at: { state: RunState; planned: PlannedJob; job: JobState; index: number; step: PlannedStep },
  digest: (value: JsonValue) => string,
): Promise<{ inputs: string | null; subject?: string }> {
  const { state, planned, job, step } = at;
  if (readsFiles(step)) return { inputs: null };
  try {
    const before = job.steps.map((one, index) => (index < at.index ? one : { ...one, status: 'queued' as const }));
    const contexts = { ...jobContexts(state, planned, { callbackUrl: () => deps.callbacks.urlOf(state.id) }), steps: stepsContext(planned, before) };
    const inputs = comparableInputs(deps, step, contexts);
    if (inputs === undefined) return { inputs: null };
    const isApproval = step.uses.kind === 'builtin' && step.uses.name === 'approval';
    return { inputs: inputsDigest(inputs, digest), ...(isApproval ? { subject: (await toApproval(inputs.input)).subject } : {}) };
  } catch {
    return { inputs: null };
  }
}

/** Whether what a step is given depends on files: nobody knows what they were then. */
function readsFiles(step: PlannedStep): boolean {
  return templatesIn([step.with, { ...step.env }]).some((text) => {
    const parsed = parseTemplate(text);
    return parsed.ok && parsed.template.segments.some((segment) => segment.kind === 'expression' && callsOf(segment.expression).some((call) => call.name === 'hashFiles'));
  });
}

function templatesIn(value: JsonValue): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(templatesIn);
}
