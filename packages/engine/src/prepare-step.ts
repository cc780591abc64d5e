import { formatDuration, IMAGE_REFERENCE, type JsonObject, type PlannedStep, type PlannedTarget } from '@kb-labs/contracts';
import { AppError, toRunError } from '@kb-labs/errors';
import { evaluateText } from '@kb-labs/expressions';
import type { Placement } from '@kb-labs/ports';

import type { EngineDeps } from './deps.js';
import { evaluateStep, type StepInputs } from './evaluate-step.js';
import type { JobHold, StopReason } from './job-hold.js';
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

/**
 * What a step is called with, and where it will run: all there is to know before it is recorded as started. At once where nothing has to be asked. Fails
 * with what is wrong with its inputs.
 */
export function prepareStep(deps: EngineDeps, { record, secrets, step, stepAttempt, inputs }: PrepareStep): PreparedStep | Promise<PreparedStep> {
  const giving = secrets.give(inputs, {
    state: record.state,
    job: record.planned,
    jobKey: record.job.key,
    step,
    stepAttempt,
    evaluate: (values) => evaluateStep(step, { ...record.contextsWith(values.job), secrets: values.step }, deps),
  });
  const placing = (given: GivenStep): PreparedStep | Promise<PreparedStep> => placeStep(deps, record, step, given);
  return giving instanceof Promise ? giving.then(placing) : placing(giving);
}

/** What stops the job ends the looking too: an image can take its time. */
function placeStep({ plugins }: Pick<EngineDeps, 'plugins'>, { hold, state }: Pick<JobRecord, 'hold' | 'state'>, step: PlannedStep, given: GivenStep): PreparedStep | Promise<PreparedStep> {
  const { uses, target } = step;
  const { pins } = state.plan;
  const evaluated = target === undefined ? {} : { target: evaluateTarget(target, given.inputs.contexts) };
  const looking = new Looking(hold);
  const found = (placement: Placement): PreparedStep => ({ given, placement, ...(looking.stopped === undefined ? {} : { stopped: looking.stopped }) });
  let placing: Placement | Promise<Placement>;
  try {
    placing = plugins.place({ uses, signal: () => looking.signal, ...evaluated, ...(pins === undefined ? {} : { pins }) });
  } catch (thrown) {
    looking.end();
    throw thrown;
  }
  if (placing instanceof Promise) return placing.then(found).finally(() => looking.end());
  looking.end();
  return found(placing);
}

/** Hears of what stops the job while a place is looked for. */
class Looking {
  readonly #hold: JobHold;
  readonly #release: () => void;
  #controller: AbortController | undefined;
  stopped: StopReason | undefined;

  constructor(hold: JobHold) {
    this.#hold = hold;
    this.#release = hold.onStop((reason) => {
      this.stopped ??= reason;
      this.#controller?.abort(interrupted());
    });
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.stopped !== undefined) this.#controller.abort(interrupted());
    }
    return this.#controller.signal;
  }

  end(): void {
    this.#release();
    // Whoever runs next is to hear of it as well.
    if (this.stopped === 'job-timeout') this.#hold.timeOut();
    if (this.stopped === 'cancelled') this.#hold.cancel();
  }
}

function interrupted(): AppError {
  return new AppError('INTERRUPTED');
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
