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
import type { ConsumedArtifact, Placement, StepOutcome } from '@kb-labs/ports';

import type { EngineDeps } from './deps.js';
import { finishOutputs, spillIfPossible } from './finish-outputs.js';
import type { JobHold, StopReason } from './job-hold.js';
import type { GivenStep } from './job-secrets.js';
import { type LogEntry, LogWriter } from './log-writer.js';
import { redactError, redactLogger, redactValue } from './redact-values.js';
import { artifactStore } from './store-artifacts.js';

export type StepDeps = Pick<EngineDeps, 'plugins' | 'blobs' | 'logs' | 'clock' | 'logger' | 'files' | 'workspace'>;

export interface StepPlace {
  readonly state: RunState;
  readonly job: string;
  readonly attempt: number;
  readonly step: PlannedStep;
  readonly stepAttempt: number;
  readonly iteration: number;
  readonly consumed: readonly ConsumedArtifact[];
  readonly placement: Placement & { readonly ok: true };
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
export async function runStep(all: StepDeps, hold: JobHold, place: StepPlace, { inputs, secrets, redactor }: GivenStep): Promise<StepEnd> {
  const { state, step } = place;
  const deps = redactor === undefined ? all : { ...all, logger: redactLogger(redactor, all.logger) };
  const lastLine = place.fresh ? 0 : await deps.logs.lastLine(state.id, place.job, step.id);
  const log = new LogWriter(deps, { runId: state.id, job: place.job, attempt: place.attempt, step: step.id, fence: { ticket: hold.lease.id, token: hold.lease.token }, lastLine });
  const { artifacts, save: saveArtifact } = artifactStore(deps, redactor);
  const write = redactor === undefined ? log.write.bind(log) : (entry: LogEntry) => log.write({ ...entry, text: redactor.text(entry.text) });

  const stopping = stopper(deps, hold, step);
  let outcome: StepOutcome;
  try {
    outcome = await deps.plugins.run({
      tenant: state.tenant,
      runId: state.id,
      workflowId: state.plan.workflow.id,
      job: place.job,
      attempt: place.attempt,
      step: step.id,
      stepAttempt: place.stepAttempt,
      idempotencyKey: toIdempotencyKey({ runId: state.id, job: place.job, attempt: place.attempt, step: step.id, iteration: place.iteration }),
      uses: step.uses,
      placement: place.placement,
      input: inputs.input,
      env: inputs.env,
      workspace: deps.workspace,
      permissions: step.permissions,
      consumed: place.consumed,
      signal: stopping.signal,
      log: write,
      progress: progressTo(write),
      ...(state.plan.pins?.llm === undefined ? {} : { llm: state.plan.pins.llm }),
      ...(secrets === undefined ? {} : { secrets }),
      ...(redactor === undefined ? {} : { redactor }),
      saveArtifact,
    });
    const end = toStepEnd(outcome, stopping.reason(), { step, jobTimeoutMs: place.jobTimeoutMs }, artifacts);
    if (end.status === 'lost') return end;
    const left = redactValue(redactor, end.outputs);
    if (end.status === 'success') {
      const outputs = finishOutputs(deps, step, left, { contexts: inputs.contexts, saveArtifact, ...(redactor === undefined ? {} : { redactor }) });
      return { ...end, outputs: outputs instanceof Promise ? await outputs : outputs };
    }
    const outputs = await spillIfPossible(step.id, left, saveArtifact);
    return end.status === 'failed' ? { ...end, outputs, error: redactError(redactor, end.error) } : { ...end, outputs };
  } catch (thrown) {
    return { status: 'failed', outputs: {}, artifacts, error: redactError(redactor, toRunError(fromUnknown(thrown))), retryable: fromUnknown(thrown).retryable };
  } finally {
    stopping.done();
    const ended = log.end();
    if (ended !== undefined) await ended;
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
function progressTo(write: (entry: LogEntry) => unknown): (fraction: number, note?: string) => void {
  let last: string | undefined;
  return (fraction, note) => {
    const text = progressText(fraction, note);
    if (text === last) return;
    last = text;
    void write({ stream: 'engine', level: 'debug', text });
  };
}

function progressText(fraction: number, note: string | undefined): string {
  return `${Math.round(Math.min(1, Math.max(0, fraction)) * 100)} %${note === undefined ? '' : ` ${note}`}`;
}
