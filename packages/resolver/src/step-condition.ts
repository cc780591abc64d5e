import type { JsonObject, PlannedJob, PlannedStep, Reason, RunState, StepState } from '@kb-labs/contracts';
import { callsStatusFunction, evaluateCondition, parseCondition, type Scope } from '@kb-labs/expressions';

import { cancelReason, conditionReason } from './ready-jobs.js';
import { effectiveResult } from './scope.js';

type StepDecision =
  | { readonly run: true }
  | { readonly run: false; readonly status: 'skipped' | 'cancelled'; readonly reason: Reason };

interface StepSituation {
  readonly state: RunState;
  readonly job: PlannedJob;
  readonly step: PlannedStep;
  /** Of the steps before this one. */
  readonly before: readonly StepState[];
  readonly contexts: JsonObject;
  /** Whether the run is being cancelled. */
  readonly cancelled: boolean;
  readonly hashFiles: (patterns: readonly string[]) => string;
}

/** Whether a step runs, and if not, why. Fails with `EXPRESSION_FAILED` when its condition cannot be evaluated. */
export function decideStep(at: StepSituation): StepDecision {
  const results = at.before.map((step, index) => ({
    id: step.id,
    result: step.status === 'failed' ? effectiveResult('failed', at.job.steps[index]?.continueOnError ?? false) : step.status,
  }));
  const failed = results.find((step) => step.result === 'failed');
  const scope: Scope = {
    contexts: at.contexts,
    hashFiles: at.hashFiles,
    status: {
      always: () => true,
      cancelled: () => at.cancelled,
      success: () => !at.cancelled && failed === undefined,
      failure: () => !at.cancelled && failed !== undefined,
    },
  };
  const condition = at.step.if === null ? undefined : parseCondition(at.step.if);
  if (condition?.ok === false) throw new Error(`an unchecked condition: ${condition.problem.message}`);
  const implicit = condition === undefined || !callsStatusFunction(condition.expression);
  if (implicit && at.cancelled) return { run: false, status: 'cancelled', reason: cancelReason(at.state) };
  if (implicit && failed !== undefined) {
    const values = { [`steps.${failed.id}.conclusion`]: failed.result };
    return { run: false, status: 'skipped', reason: { rule: 'earlier-step', message: `the step ${failed.id} failed before it`, values } };
  }
  if (condition === undefined || evaluateCondition(condition.expression, scope)) return { run: true };
  if (at.cancelled) return { run: false, status: 'cancelled', reason: cancelReason(at.state) };
  return { run: false, status: 'skipped', reason: conditionReason(at.step.if ?? '', condition.expression, scope) };
}
