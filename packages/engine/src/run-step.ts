import {
  formatDuration,
  toIdempotencyKey,
  type ArtifactHandle,
  type JsonObject,
  type PlannedStep,
  type RunError,
  type RunState,
} from '@kb-labs/contracts';
import { AppError, fromUnknown, toRunError } from '@kb-labs/errors';
import { evaluateDeep } from '@kb-labs/expressions';
import type { ConsumedArtifact, StepOutcome } from '@kb-labs/ports';
import { whyNotInEnvironment } from '@kb-labs/resolver';

import type { EngineDeps } from './deps.js';
import { evaluateEnv } from './evaluate-env.js';
import { finishOutputs, spillIfPossible } from './finish-outputs.js';
import type { JobHold, StopReason } from './job-hold.js';
import { LogWriter } from './log-writer.js';
import { artifactStore } from './store-artifacts.js';

export type StepDeps = Pick<EngineDeps, 'plugins' | 'blobs' | 'logs' | 'clock' | 'logger' | 'files' | 'workspace'>;

/** What a step is called with. Evaluated before it is recorded as started: a bad expression never starts it. */
export interface StepInputs {
  readonly input: JsonObject;
  readonly env: Readonly<Record<string, string>>;
  /** What the step's own templates can read later on. */
  readonly contexts: JsonObject;
}

/** Evaluates a step's environment and `with:`. Fails with `EXPRESSION_FAILED`. */
export function evaluateStep(step: PlannedStep, contexts: JsonObject, deps: Pick<EngineDeps, 'files' | 'workspace'>): StepInputs {
  const hashFiles = (patterns: readonly string[]): string => deps.files.hash(deps.workspace, patterns);
  const around = (contexts['env'] ?? {}) as JsonObject;
  const env = evaluateEnv(around, step.env, contexts, hashFiles);
  if (step.uses.kind === 'builtin' && step.uses.name === 'run') refuseUnfit(env);
  const own = { ...contexts, env };
  const input = evaluateDeep(step.with, { contexts: own, hashFiles }) as JsonObject;
  return { input, env: env as Record<string, string>, contexts: own };
}

/** A script gets its values through the environment: one that does not fit there is said before the script starts. */
function refuseUnfit(env: JsonObject): void {
  for (const [name, value] of Object.entries(env)) {
    const problem = whyNotInEnvironment(String(value));
    if (problem !== undefined) throw new AppError('EXPRESSION_FAILED', { problem: `the value for ${name} cannot go to a script: ${problem}` });
  }
}

export interface StepPlace {
  readonly state: RunState;
  readonly job: string;
  readonly attempt: number;
  readonly step: PlannedStep;
  readonly stepAttempt: number;
  readonly iteration: number;
  readonly consumed: readonly ConsumedArtifact[];
  readonly jobTimeoutMs: number;
  /** Whether lines of earlier tries can exist. */
  readonly fresh: boolean;
}

/** How one try of a step ended, ready to be recorded. */
export type StepEnd =
  | { readonly status: 'success'; readonly outputs: JsonObject; readonly artifacts: readonly ArtifactHandle[] }
  | {
      readonly status: 'failed';
      readonly outputs: JsonObject;
      readonly artifacts: readonly ArtifactHandle[];
      readonly error: RunError;
      readonly retryable: boolean;
      readonly retryAfterMs?: number;
      readonly stopped?: 'job-timeout';
    }
  | { readonly status: 'cancelled'; readonly outputs: JsonObject; readonly artifacts: readonly ArtifactHandle[] }
  | { readonly status: 'lost' };

/** Runs one try of a step. Its log is durable when this resolves. */
export async function runStep(deps: StepDeps, hold: JobHold, place: StepPlace, inputs: StepInputs): Promise<StepEnd> {
  const { state, step } = place;
  const lastLine = place.fresh ? 0 : await deps.logs.lastLine(state.id, place.job, step.id);
  const log = new LogWriter(deps, { runId: state.id, job: place.job, attempt: place.attempt, step: step.id, fence: { ticket: hold.lease.id, token: hold.lease.token }, lastLine });
  const { artifacts, save: saveArtifact } = artifactStore(deps);

  const stopping = stopper(deps, hold, step);
  let outcome: StepOutcome;
  try {
    outcome = await deps.plugins.run({
      runId: state.id,
      workflowId: state.plan.workflow.id,
      job: place.job,
      attempt: place.attempt,
      step: step.id,
      stepAttempt: place.stepAttempt,
      idempotencyKey: toIdempotencyKey({ runId: state.id, job: place.job, attempt: place.attempt, step: step.id, iteration: place.iteration }),
      uses: step.uses,
      input: inputs.input,
      env: inputs.env,
      workspace: deps.workspace,
      permissions: step.permissions,
      consumed: place.consumed,
      signal: stopping.signal,
      log: (entry) => log.write(entry),
      progress: progressTo(log),
      saveArtifact,
    });
    const end = toStepEnd(outcome, stopping.reason(), { step, jobTimeoutMs: place.jobTimeoutMs }, artifacts);
    if (end.status === 'lost') return end;
    if (end.status === 'success') return { ...end, outputs: await finishOutputs(deps, step, end.outputs, { contexts: inputs.contexts, saveArtifact }) };
    return { ...end, outputs: await spillIfPossible(step.id, end.outputs, saveArtifact) };
  } catch (thrown) {
    return { status: 'failed', outputs: {}, artifacts, error: toRunError(fromUnknown(thrown)), retryable: fromUnknown(thrown).retryable };
  } finally {
    stopping.done();
    await log.flush();
  }
}

/** Arms everything that can stop the step; the first reason wins. */
function stopper(deps: Pick<EngineDeps, 'clock'>, hold: JobHold, step: PlannedStep) {
  const controller = new AbortController();
  let first: StopReason | undefined;
  const stop = (reason: StopReason): void => {
    first ??= reason;
    controller.abort(new AppError(reason === 'lease-lost' ? 'LEASE_LOST' : 'INTERRUPTED'));
  };
  const release = hold.onStop(stop);
  const disarm = step.timeoutMs === null ? undefined : deps.clock.after(step.timeoutMs, () => stop('step-timeout'));
  return {
    signal: controller.signal,
    reason: () => first,
    done: () => {
      release();
      disarm?.();
    },
  };
}

function toStepEnd(
  outcome: StepOutcome,
  stopped: StopReason | undefined,
  { step, jobTimeoutMs }: { step: PlannedStep; jobTimeoutMs: number },
  artifacts: readonly ArtifactHandle[],
): StepEnd {
  switch (outcome.status) {
    case 'success':
      return { status: 'success', outputs: outcome.outputs, artifacts };
    case 'failed':
      return { ...outcome, artifacts };
    case 'aborted':
      break;
  }
  const { outputs } = outcome;
  switch (stopped) {
    case 'lease-lost':
      return { status: 'lost' };
    case 'step-timeout': {
      const error = toRunError(new AppError('STEP_TIMEOUT', { limit: formatDuration(step.timeoutMs ?? 0) }));
      return { status: 'failed', outputs, artifacts, error, retryable: true };
    }
    case 'job-timeout': {
      const error = toRunError(new AppError('JOB_TIMEOUT', { limit: formatDuration(jobTimeoutMs) }));
      return { status: 'failed', outputs, artifacts, error, retryable: false, stopped };
    }
    case 'cancelled':
    case undefined:
      return { status: 'cancelled', outputs, artifacts };
  }
}

/** A line for each whole percent and each new note: handlers may tell more often than anybody reads. */
function progressTo(log: LogWriter): (fraction: number, note?: string) => void {
  let last: string | undefined;
  return (fraction, note) => {
    const text = progressText(fraction, note);
    if (text === last) return;
    last = text;
    void log.write({ stream: 'engine', level: 'debug', text });
  };
}

function progressText(fraction: number, note: string | undefined): string {
  return `${Math.round(Math.min(1, Math.max(0, fraction)) * 100)} %${note === undefined ? '' : ` ${note}`}`;
}
