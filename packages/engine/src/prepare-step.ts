import { formatDuration, IMAGE_REFERENCE, type JsonObject, type PlannedStep, type PlannedTarget } from '@kb-labs/contracts';
import { AppError, toRunError } from '@kb-labs/errors';
import { evaluateText } from '@kb-labs/expressions';
import type { Placement } from '@kb-labs/ports';

import type { EngineDeps } from './deps.js';
import { evaluateStep, type StepInputs } from './evaluate-step.js';
import type { StopReason } from './job-hold.js';
import type { JobRecord } from './job-record.js';
import type { GivenStep, JobSecrets } from './job-secrets.js';
import type { StepEnd } from './run-step.js';

export interface PreparedStep {
  readonly given: GivenStep;
  readonly placement: Placement;
  /** Told to stop while it was looked for a place. */
  readonly stopped?: StopReason;
}

interface PrepareStep {
  readonly record: JobRecord;
  readonly secrets: JobSecrets;
  readonly step: PlannedStep;
  readonly stepAttempt: number;
  /** `undefined`: to be evaluated with secrets. */
  readonly inputs: StepInputs | undefined;
}

/** What a step is called with, and where it will run: all there is to know before it is recorded as started. Fails with what is wrong with its inputs. */
export async function prepareStep(deps: EngineDeps, { record, secrets, step, stepAttempt, inputs }: PrepareStep): Promise<PreparedStep> {
  const given = await secrets.give(inputs, {
    state: record.state,
    job: record.planned,
    jobKey: record.job.key,
    step,
    stepAttempt,
    evaluate: (values) => evaluateStep(step, { ...record.contextsWith(values.job), secrets: values.step }, deps),
  });
  return { given, ...(await placeStep(deps, record, step, given.inputs.contexts)) };
}

/** What stops the job ends the looking too: an image can take its time. */
async function placeStep({ plugins }: Pick<EngineDeps, 'plugins'>, { hold, state }: Pick<JobRecord, 'hold' | 'state'>, step: PlannedStep, contexts: JsonObject): Promise<Omit<PreparedStep, 'given'>> {
  const { uses, target } = step;
  const { pins } = state.plan;
  const controller = new AbortController();
  let stopped: StopReason | undefined;
  const release = hold.onStop((reason) => {
    stopped ??= reason;
    controller.abort(new AppError('INTERRUPTED'));
  });
  try {
    const evaluated = target === undefined ? {} : { target: evaluateTarget(target, contexts) };
    const placement = await plugins.place({ uses, signal: controller.signal, ...evaluated, ...(pins === undefined ? {} : { pins }) });
    return { placement, ...(stopped === undefined ? {} : { stopped }) };
  } finally {
    release();
    // Whoever runs next is to hear of it as well.
    if (stopped === 'job-timeout') hold.timeOut();
    if (stopped === 'cancelled') hold.cancel();
  }
}

function evaluateTarget(target: PlannedTarget, contexts: JsonObject): PlannedTarget {
  if (target.image === undefined) return target;
  const image = evaluateText(target.image, { contexts });
  if (!IMAGE_REFERENCE.test(image)) throw new AppError('EXPRESSION_FAILED', { problem: `the "image" of the execution target came out as ${JSON.stringify(image.slice(0, 200))}, which names no image` });
  return { ...target, image };
}

/** How a try ends that has no place to run: as it was told to, when the job was stopped meanwhile. */
export async function notPlaced(
  { error, retryable }: Placement & { readonly ok: false },
  { stopped, jobTimeoutMs, secrets }: { readonly stopped: StopReason | undefined; readonly jobTimeoutMs: number; readonly secrets: JobSecrets },
): Promise<Exclude<StepEnd, { status: 'lost' }>> {
  const nothing = { outputs: {}, artifacts: [] };
  if (stopped === 'cancelled') return { status: 'cancelled', ...nothing };
  if (stopped !== 'job-timeout') return { status: 'failed', ...nothing, error: await secrets.redactError(error), retryable };
  return { status: 'failed', ...nothing, error: toRunError(new AppError('JOB_TIMEOUT', { limit: formatDuration(jobTimeoutMs) })), retryable: false, stopped };
}
