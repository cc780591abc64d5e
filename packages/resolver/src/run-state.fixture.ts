import { type JobState, PLAN_SCHEMA, type PlannedJob, type PlannedStep, type RunPlan, type RunState, type StepState, toCombinationKey, toRunId } from '@kb-labs/contracts';

import { EndedSteps } from './ended-steps.js';

/** States and plans of tests: everything a type asks for, and what a test says of it. */
export const RUN_ID = toRunId('0'.repeat(26));

export function aPlannedJob(key: string, over: Partial<PlannedJob> = {}): PlannedJob {
  const retry = { max: 0, backoff: 'constant' as const, initialMs: 1, capMs: 1, jitter: false };
  return { key, name: key, needs: [], if: null, env: {}, timeoutMs: 1, retry, continueOnError: false, outputs: {}, steps: [], ...over };
}

export function aPlannedStep(id: string, over: Partial<PlannedStep> = {}): PlannedStep {
  const retry = { max: 0, backoff: 'constant' as const, initialMs: 1, capMs: 1, jitter: false };
  return {
    id,
    name: id,
    uses: { kind: 'builtin', name: 'run' },
    with: {},
    if: null,
    env: {},
    timeoutMs: null,
    retry,
    continueOnError: false,
    onInterrupt: 'retry',
    outputs: {},
    artifacts: {},
    permissions: {},
    ...over,
  };
}

export function aJobState(key: string, over: Partial<JobState> = {}): JobState {
  return { key, status: 'queued', attempt: 1, turn: 0, outputs: {}, artifacts: [], steps: [], endedSteps: 0, ...over };
}

export function aStepState(id: string, over: Partial<StepState> = {}): StepState {
  return { id, status: 'queued', iteration: 1, attempt: 1, interruptions: 0, failures: 0, outputs: {}, artifacts: [], ...over };
}

/** Of a job whose first steps are these, which have ended. */
export function endedSteps(job: PlannedJob, steps: readonly StepState[]): EndedSteps {
  const ended = new EndedSteps(job);
  ended.catchUp(steps, steps.length);
  return ended;
}

export function aRun(jobs: readonly PlannedJob[], states: Iterable<JobState> = jobs.map((job) => aJobState(job.key)), over: Partial<RunState> = {}): RunState {
  const plan: RunPlan = { schema: PLAN_SCHEMA, workflow: { id: 'w', name: 'w', version: null, digest: '' }, inputs: {}, vars: {}, env: {}, outputs: {}, jobs };
  return {
    id: RUN_ID,
    root: RUN_ID,
    tenant: 'default',
    seq: 1,
    plan,
    trigger: { type: 'manual', actor: 'test', payload: null, branch: null, tag: null, sha: null },
    status: 'running',
    createdAt: 0,
    outputs: {},
    children: 0,
    callbacks: [],
    openJobs: 0,
    runningJobs: 0,
    waitingJobs: 0,
    readyAgain: 0,
    jobs: new Map([...states].map((state) => [state.key, state])),
    ...over,
  };
}

/** A job that has become its combinations, and these. `matrix: { n }` with n from 1. */
export function expandedStates(key: string, combinations: readonly Partial<JobState>[]): JobState[] {
  const ended = combinations.filter((one) => one.finishedAt !== undefined).length;
  const begun = combinations.filter((one) => one.startedAt !== undefined || one.finishedAt !== undefined).length;
  return [
    aJobState(key, { matrix: { total: combinations.length, begun, ended } }),
    ...combinations.map((one, index) => aJobState(toCombinationKey(key, index + 1), { combination: { of: key, index, matrix: { n: index + 1 } }, ...one })),
  ];
}
