import { JOURNAL_SCHEMA, PLAN_SCHEMA, type PlannedJob, type RunEvent, type RunEventBody, type RunPlan, toRunId, toWorkerId } from '@kb-labs/contracts';

export const runId = toRunId('0'.repeat(26));
const worker = toWorkerId('0'.repeat(26));

export function planned(key: string, needs: string[], steps: string[]): PlannedJob {
  const retry = { max: 0, backoff: 'constant' as const, initialMs: 1, capMs: 1, jitter: false };
  return {
    key,
    name: key,
    needs,
    if: null,
    env: {},
    timeoutMs: 1_000,
    retry,
    continueOnError: false,
    outputs: {},
    steps: steps.map((id) => ({
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
    })),
  };
}

export const plan: RunPlan = {
  schema: PLAN_SCHEMA,
  workflow: { id: 'w', name: 'W', version: '1', digest: 'sha256:0' },
  inputs: { a: 1 },
  vars: {},
  env: {},
  outputs: {},
  jobs: [planned('a', [], ['x', 'y']), planned('b', ['a'], ['z'])],
};
const trigger = { type: 'manual' as const, actor: 'ada', payload: null, branch: 'main', tag: null, sha: null };

export const started: RunEventBody = { type: 'run.started', schema: JOURNAL_SCHEMA, plan, trigger };
export const jobStarted = (job: string, attempt = 1, turn = 0, token = 1): RunEventBody => ({ type: 'job.started', job, attempt, turn, worker, token });
export const stepStarted = (job: string, step: string, stepAttempt = 1, attempt = 1): RunEventBody => ({ type: 'step.started', job, attempt, step, stepAttempt, isolation: 'subprocess' });
export const stepEnded = (job: string, step: string, rest: Partial<RunEventBody & { type: 'step.finished' }> = {}): RunEventBody => ({
  type: 'step.finished', job, attempt: 1, step, stepAttempt: 1, status: 'success', outputs: {}, artifacts: [], ...rest,
});
export const jobEnded = (job: string, rest: Partial<RunEventBody & { type: 'job.finished' }> = {}): RunEventBody => ({ type: 'job.finished', job, attempt: 1, status: 'success', outputs: {}, ...rest });
export const artifact = (name: string, digest: string) => ({ name, type: 'text' as const, digest, bytes: 1 });

/** Events a millisecond apart, from 1,000. */
export function journal(...bodies: RunEventBody[]): RunEvent[] {
  return bodies.map((body, index) => ({ ...body, seq: index + 1, at: 1_000 + index }));
}
