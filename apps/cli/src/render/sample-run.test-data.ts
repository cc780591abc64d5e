import type { JobView, RunView, StepView } from '@kb-labs/contracts';

/** Views for the tests of this folder: everything that matters to a test is given by it. */
export function aStep(step: Partial<StepView> & { id: string }): StepView {
  return { name: step.id, uses: 'builtin:run', status: 'queued', attempt: 1, outputs: {}, isolation: null, startedAt: null, finishedAt: null, ...step };
}

export function aJob(job: Partial<JobView> & { key: string }): JobView {
  return { id: `run_X.${job.key}`, name: job.key, needs: [], status: 'queued', attempt: 1, outputs: {}, startedAt: null, finishedAt: null, steps: [], ...job };
}

export function aRun(run: Partial<RunView>): RunView {
  return {
    id: 'run_01ARYZ6S410000000000000000',
    workflowId: 'demo',
    workflowVersion: null,
    status: 'queued',
    trigger: { type: 'manual', actor: 'ada', payload: null, branch: null, tag: null, sha: null },
    input: {},
    outputs: {},
    createdAt: at(0),
    startedAt: null,
    finishedAt: null,
    durationMs: null,
    jobs: [],
    artifacts: [],
    ...run,
  };
}

/** So many milliseconds after the start of the sample. */
export function at(ms: number): string {
  return new Date(START + ms).toISOString();
}

export const START = Date.UTC(2026, 0, 1, 12);
