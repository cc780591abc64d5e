import type { JsonObject, PlannedStep, Reason } from '@kb-labs/contracts';
import { fromUnknown, toRunError } from '@kb-labs/errors';
import { decideStep } from '@kb-labs/resolver';

import { toApproval } from './begin-wait.js';
import type { EngineDeps } from './deps.js';
import { evaluateStep, type StepInputs } from './evaluate-step.js';
import type { JobRecord } from './job-record.js';
import { canHoldSecrets } from './job-secrets.js';
import { comparableInputs, keptStep, ranAgain } from './keep-results.js';
import { isPassing } from './passing.js';

type DecideDeps = Pick<EngineDeps, 'files' | 'workspace'>;

/** Of the job's time: `over` when what is left for hooks after it has run out as well. */
export interface TimeLeft {
  readonly timedOut: boolean;
  readonly over: boolean;
}

/**
 * The inputs of a step that runs, without them when they hold secrets and are compared with nothing; `undefined` once its end is
 * recorded because it does not run.
 */
export function decideNext(deps: DecideDeps, record: JobRecord, planned: PlannedStep, index: number, { timedOut, over }: TimeLeft): { readonly inputs: StepInputs | undefined } | undefined {
  const at = record.at(index);
  const { state, hold } = record;
  if (over) {
    const reason: Reason = { rule: 'timeout', message: 'the time of the job ran out, and that of its hooks' };
    record.add({ ...at, type: 'step.finished', status: 'skipped', outputs: {}, artifacts: [], reason });
    return undefined;
  }
  try {
    const contexts: JsonObject = record.contexts();
    const decision = decideStep({
      state,
      job: record.planned,
      step: planned,
      ended: record.ended(),
      contexts,
      cancelled: hold.cancelled,
      timedOut,
      hashFiles: (patterns) => deps.files.hash(deps.workspace, patterns),
    });
    if (decision.run && !canHoldSecrets(record.planned, planned)) return { inputs: evaluateStep(planned, contexts, deps) };
    if (decision.run) return { inputs: state.rerun === undefined ? undefined : comparableInputs(deps, planned, contexts) };
    const reason = decision.status === 'cancelled' ? (hold.cancelReason ?? decision.reason) : decision.reason;
    record.add({ ...at, type: 'step.finished', status: decision.status, outputs: {}, artifacts: [], reason });
  } catch (thrown) {
    if (isPassing(thrown)) throw thrown;
    record.add({ ...at, type: 'step.finished', status: 'failed', outputs: {}, artifacts: [], error: toRunError(fromUnknown(thrown)) });
  }
  return undefined;
}

/** Whether there can be a result of an earlier run for a step. */
export function mayKeep(record: JobRecord, index: number): boolean {
  const { attempt, iteration } = record.step(index);
  return record.state.rerun !== undefined && record.job.attempt === 1 && attempt === 1 && iteration === 1;
}

/** Takes that over, if it still stands. Answers whether it did. */
export async function keepEarlier(record: JobRecord, planned: PlannedStep, index: number, inputs: StepInputs): Promise<boolean> {
  const { job, state } = record;
  const isApproval = planned.uses.kind === 'builtin' && planned.uses.name === 'approval';
  const subject = isApproval ? (await toApproval(inputs.input)).subject : undefined;
  const filesChanged = ranAgain(record.around, record.planned).length > 0;
  const again = { planned, inputs, before: job.steps.slice(0, index), filesChanged, ...(subject === undefined ? {} : { subject }) };
  const found = keptStep(state, { job: job.key, index }, again, await record.digest());
  if (found === undefined) return false;
  const { earlier, kept } = found;
  const reason: Reason = { rule: 'kept', message: kept.why };
  record.add({ ...record.at(index), type: 'step.finished', status: 'success', outputs: earlier.outputs, artifacts: earlier.artifacts, kept, reason });
  return true;
}
