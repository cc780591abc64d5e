import { LIMITS, type JobState, type PlannedJob, type PlannedStep, type RunEventBody, type StepState } from '@kb-labs/contracts';
import { AppError, toRunError } from '@kb-labs/errors';

/** A step that the journal has as running although nobody runs it any more. */
export interface CutStep {
  readonly job: JobState;
  readonly step: StepState;
  readonly planned: PlannedStep;
}

/** The step of a job that was cut off. A call of a workflow is none: it just goes on. */
export function cutStep(job: JobState, planned: PlannedJob): CutStep | undefined {
  const index = job.steps.findIndex((step) => step.status === 'running');
  const step = job.steps[index];
  const own = planned.steps[index];
  return step === undefined || own === undefined || own.uses.kind === 'workflow' ? undefined : { job, step, planned: own };
}

/**
 * The outcome of a try that was cut off; `undefined` when the run is to be quarantined, because the step has ended its
 * worker too often. A worker that lived was not ended by the step.
 */
export function interruptionOf({ job, step, planned }: CutStep, { now, workerLived }: { now: number; workerLived: boolean }): RunEventBody | undefined {
  if (!workerLived && step.interruptions + 1 >= LIMITS.interruptionsBeforeQuarantine) return undefined;
  const error = toRunError(new AppError('STEP_INTERRUPTED'));
  const at = { job: job.key, attempt: job.attempt, step: step.id, stepAttempt: step.attempt };
  const finished = { ...at, type: 'step.finished' as const, outputs: {}, artifacts: [], error };
  if (planned.onInterrupt === 'fail') return { ...finished, status: 'failed' };
  const retry = { attempt: step.attempt + 1, dueAt: now, code: error.code };
  return { ...finished, status: 'interrupted', retry, ...(workerLived ? { workerLived } : {}) };
}
