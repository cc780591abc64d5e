import type { PlannedStep } from '@kb-labs/contracts';
import { callsStatusFunction, evaluateCondition, type Expression, parseCondition, type Scope } from '@kb-labs/expressions';

import { decideHook } from './hook-condition.js';
import { conditionReason } from './ready-jobs.js';
import type { StepDecision, StepSituation } from './step-situation.js';
import { stopReason } from './stop-reason.js';

/**
 * Whether a step runs, and if not, why. Fails with `EXPRESSION_FAILED` when its condition cannot be evaluated.
 *
 * The status functions speak of the job's own steps and those of `pre`, also in the conditions of other hooks. Such a
 * hook decides first whether the outcome is one it is for; the condition of its step only narrows that.
 */
export function decideStep(at: StepSituation): StepDecision {
  const condition = readCondition(at.step);
  const { hook } = at.step;
  const isMain = hook === undefined || hook === 'pre';
  const refusal = isMain ? decideMain(at, condition !== undefined && callsStatusFunction(condition)) : decideHook(at, hook);
  if (refusal !== undefined) return refusal;
  if (condition === undefined) return { run: true };
  const scope = scopeOf(at);
  if (evaluateCondition(condition, scope)) return { run: true };
  if (isMain && at.cancelled) return { run: false, status: 'cancelled', reason: stopReason(at.state, at.job.key) };
  return { run: false, status: 'skipped', reason: conditionReason(at.step.if ?? '', condition, scope) };
}

function readCondition(step: PlannedStep): Expression | undefined {
  if (step.if === null) return undefined;
  const parsed = parseCondition(step.if);
  if (!parsed.ok) throw new Error(`an unchecked condition: ${parsed.problem.message}`);
  return parsed.expression;
}

function scopeOf(at: StepSituation): Scope {
  const failed = at.timedOut === true || at.ended.failedOf('main') !== undefined;
  return {
    contexts: at.contexts,
    hashFiles: at.hashFiles,
    status: {
      always: () => true,
      cancelled: () => at.cancelled,
      success: () => !at.cancelled && !failed,
      failure: () => !at.cancelled && failed,
    },
  };
}

/** What keeps a step of the job's own, or of `pre`, from being looked at further. */
function decideMain(at: StepSituation, callsStatus: boolean): StepDecision | undefined {
  if (at.timedOut === true) return { run: false, status: 'skipped', reason: { rule: 'timeout', message: 'the time of the job ran out' } };
  if (callsStatus) return undefined;
  if (at.cancelled) return { run: false, status: 'cancelled', reason: stopReason(at.state, at.job.key) };
  const failed = at.ended.failedOf('main');
  if (failed === undefined) return undefined;
  const values = { [`steps.${failed.id}.conclusion`]: failed.result };
  return { run: false, status: 'skipped', reason: { rule: 'earlier-step', message: `the step ${failed.id} failed before it`, values } };
}
