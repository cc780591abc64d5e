import { isTerminalJob, type JobState, type JsonObject, type JsonValue, type PlannedJob, type PlannedStep, type RunState, type StepState, type TerminalJobStatus, toCombinationKey } from '@kb-labs/contracts';

import { jobGraph } from './job-graph.js';

/** The contexts every expression of a run can read. */
export function runContexts(state: RunState): Record<string, JsonValue> {
  const { plan } = state;
  return {
    inputs: plan.inputs,
    vars: plan.vars,
    trigger: triggerContext(state.trigger),
    run: { id: state.id, createdAt: new Date(state.createdAt).toISOString() },
    workflow: { ...plan.workflow },
  };
}

function triggerContext(trigger: RunState['trigger']): JsonObject {
  if (!('parent' in trigger)) return { ...(trigger as Omit<RunState['trigger'], 'parent'>) };
  const { parent, ...others } = trigger;
  return parent === undefined ? others : { ...others, parent: { ...parent } };
}

/** How a job or step ended for those that come after it: `continue-on-error` turns a failure into a success. */
export function effectiveResult(status: TerminalJobStatus, continueOnError: boolean): TerminalJobStatus {
  return status === 'failed' && continueOnError ? 'success' : status;
}

/** What the expressions of a combination read besides: `matrix` and `strategy`. Nothing for a plain job. */
export function strategyContexts(planned: PlannedJob, job: JobState, total: number): JsonObject {
  const { strategy } = planned;
  if (strategy === undefined || job.combination === undefined) return {};
  return {
    matrix: job.combination.matrix,
    strategy: {
      'fail-fast': strategy.failFast,
      'job-index': job.combination.index,
      'job-total': total,
      'max-parallel': strategy.maxParallel ?? total,
    },
  };
}

/** A job's `needs` context: `result` and `outputs` of each job it names, and those of each combination of a matrix. */
export function needsContext(job: PlannedJob, ended: (key: string) => EndedJob | undefined): JsonObject {
  return Object.fromEntries(
    job.needs.flatMap((key) => {
      const need = ended(key);
      return need === undefined ? [] : [[key, { ...need }]];
    }),
  );
}

export interface EndedJob {
  /** After `continue-on-error`. */
  readonly result: TerminalJobStatus;
  readonly outputs: JsonObject;
  /** Of a job with a matrix, in order. */
  readonly combinations?: EndedCombination[];
}

/** A type and not an interface, so that it is a JSON object. */
type EndedCombination = { matrix: JsonObject; result: TerminalJobStatus; outputs: JsonObject };

/** What a job left for those that need it; `undefined` while it has not ended. */
export function endedNeed(state: RunState, key: string): EndedJob | undefined {
  const job = state.jobs.get(key);
  if (job === undefined || !isTerminalJob(job.status)) return undefined;
  const continueOnError = jobGraph(state.plan).byKey.get(key)?.continueOnError ?? false;
  const ended = { result: effectiveResult(job.status, continueOnError), outputs: job.outputs };
  return job.matrix === undefined ? ended : { ...ended, combinations: endedCombinations(state, job, { total: job.matrix.total, continueOnError }) };
}

function endedCombinations(state: RunState, job: JobState, at: { total: number; continueOnError: boolean }): EndedCombination[] {
  return Array.from({ length: at.total }, (_, index) => state.jobs.get(toCombinationKey(job.key, index + 1))).flatMap((one) => {
    if (one?.combination === undefined || !isTerminalJob(one.status)) return [];
    return [{ matrix: one.combination.matrix, result: effectiveResult(one.status, at.continueOnError), outputs: one.outputs }];
  });
}

/**
 * A step's `steps` context: what the steps before it left. `steps` can be all steps of the job: of those that have not ended only a gate is
 * seen that sent the job back, with what it decided then.
 */
export function stepsContext(job: PlannedJob, steps: readonly StepState[]): JsonObject {
  return Object.fromEntries(
    steps.flatMap((step, index): [string, JsonObject][] => {
      const planned = job.steps[index];
      if (planned === undefined) return [];
      if (isTerminalJob(step.status)) return [[step.id, leftBy(step, step.status, planned)]];
      return step.previous === undefined ? [] : [[step.id, { outputs: step.previous }]];
    }),
  );
}

/** What a step left that has ended. `outcome` is before `continue-on-error`, `conclusion` after. */
export function leftBy({ outputs }: StepState, status: TerminalJobStatus, { continueOnError }: PlannedStep): JsonObject {
  return { outputs, outcome: status, status, conclusion: effectiveResult(status, continueOnError) };
}
