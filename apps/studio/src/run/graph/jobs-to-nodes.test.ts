import type { JobView, StepView } from '@kb-labs/contracts';
import { describe, expect, it } from 'vitest';

import { jobsToNodes } from './jobs-to-nodes.js';

const step: StepView = { id: 's', name: 's', uses: 'builtin:run', status: 'success', attempt: 1, outputs: {}, isolation: null, startedAt: null, finishedAt: null };
const job = (key: string, more: Partial<JobView> = {}): JobView => ({ id: `r.${key}`, key, name: key, needs: [], status: 'success', attempt: 1, outputs: {}, startedAt: null, finishedAt: null, steps: [step], ...more });

describe('the boxes of a run', () => {
  it('are its jobs, with what they need', () => {
    const nodes = jobsToNodes({ jobs: [job('a'), job('b', { needs: ['a'], status: 'running', startedAt: '2026-01-01T00:00:00Z' })] });
    expect(nodes).toEqual([
      { id: 'a', label: 'a', sublabel: '1 step', needs: [], status: 'success' },
      { id: 'b', label: 'b', sublabel: '1 step', needs: ['a'], status: 'running', time: { from: '2026-01-01T00:00:00Z', to: null } },
    ]);
  });

  it('are one for all combinations of a job', () => {
    const of = (n: number, status: JobView['status']): JobView => job(`m-${String(n)}`, { combinationOf: 'm', status });
    const [node, ...others] = jobsToNodes({ jobs: [job('m', { status: 'running', steps: [] }), of(1, 'success'), of(2, 'failed'), of(3, 'running')] });
    expect(others).toEqual([]);
    expect(node).toMatchObject({ sublabel: '2 of 3 done, 1 failed', parts: [{ id: 'm-1', status: 'success' }, { id: 'm-2', status: 'failed' }, { id: 'm-3', status: 'running' }] });
    expect(jobsToNodes({ jobs: [job('m'), of(1, 'success'), of(2, 'success')] })[0]?.sublabel).toBe('2 combinations');
  });

  it('say what makes a job special: tries, results that were kept, why it waits, runs it calls', () => {
    expect(jobsToNodes({ jobs: [job('a', { attempt: 3, keptFrom: 'run_1' })] })[0]?.note).toBe('attempt 3, kept');
    expect(jobsToNodes({ jobs: [job('a', { status: 'queued', reason: { rule: 'concurrency', message: 'waits for its turn' } })] })[0]?.note).toBe('waits for its turn');
    expect(jobsToNodes({ jobs: [job('a', { status: 'skipped', reason: { rule: 'needs', message: 'over' } })] })[0]?.note).toBeUndefined();
    expect(jobsToNodes({ jobs: [job('a', { steps: [step, { ...step, childRunId: 'run_2' }] })] })[0]?.sublabel).toBe('2 steps, calls 1 run');
  });
});
