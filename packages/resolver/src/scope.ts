import type { JsonObject, JsonValue, PlannedJob, RunState, StepState, TerminalJobStatus } from '@kb-labs/contracts';

/** The contexts every expression of a run can read. */
export function runContexts(state: RunState): Record<string, JsonValue> {
  const { plan } = state;
  return {
    inputs: plan.inputs,
    vars: plan.vars,
    trigger: { ...state.trigger },
    run: { id: state.id, createdAt: new Date(state.createdAt).toISOString() },
    workflow: { ...plan.workflow },
  };
}

/** How a job or step ended for those that come after it: `continue-on-error` turns a failure into a success. */
export function effectiveResult(status: TerminalJobStatus, continueOnError: boolean): TerminalJobStatus {
  return status === 'failed' && continueOnError ? 'success' : status;
}

/** A job's `needs` context: `result` and `outputs` of each job it names. */
export function needsContext(job: PlannedJob, ended: (key: string) => EndedJob | undefined): JsonObject {
  return Object.fromEntries(
    job.needs.flatMap((key) => {
      const need = ended(key);
      return need === undefined ? [] : [[key, { result: need.result, outputs: need.outputs }]];
    }),
  );
}

export interface EndedJob {
  /** After `continue-on-error`. */
  readonly result: TerminalJobStatus;
  readonly outputs: JsonObject;
}

/** A step's `steps` context: what the steps before it left. `outcome` is before `continue-on-error`, `conclusion` after. */
export function stepsContext(job: PlannedJob, steps: readonly StepState[]): JsonObject {
  return Object.fromEntries(
    steps.flatMap((step, index) => {
      const planned = job.steps[index];
      if (planned === undefined || !isEnded(step)) return [];
      const conclusion = effectiveResult(step.status, planned.continueOnError);
      return [[step.id, { outputs: step.outputs, outcome: step.status, status: step.status, conclusion }]];
    }),
  );
}

function isEnded(step: StepState): step is StepState & { status: TerminalJobStatus } {
  return step.finishedAt !== undefined;
}
