import { PLAN_SCHEMA, type JobState, type PlannedJob, type RunPlan, type RunState, type TerminalJobStatus, toRunId } from '@kb-labs/contracts';
import { describe, expect, it } from 'vitest';

import { readyJobs } from './ready-jobs.js';
import { runOutcome } from './run-outcome.js';

interface Sketch {
  readonly needs?: string[];
  readonly if?: string;
  readonly ended?: TerminalJobStatus;
  readonly continueOnError?: boolean;
  readonly outputs?: Record<string, string>;
}

function state(jobs: Record<string, Sketch>, cancelled = false): RunState {
  const planned = Object.entries(jobs).map(([key, job]): PlannedJob => ({
    key,
    name: key,
    needs: job.needs ?? [],
    if: job.if ?? null,
    env: {},
    timeoutMs: 1,
    retry: { max: 0, backoff: 'constant', initialMs: 1, capMs: 1, jitter: false },
    continueOnError: job.continueOnError ?? false,
    outputs: {},
    steps: [],
  }));
  const plan: RunPlan = { schema: PLAN_SCHEMA, workflow: { id: 'w', name: 'w', version: null, digest: '' }, inputs: { go: true }, vars: {}, env: {}, outputs: {}, jobs: planned };
  const states = Object.entries(jobs).map(([key, job]): [string, JobState] => [
    key,
    { key, status: job.ended ?? 'queued', attempt: 1, turn: 0, outputs: job.outputs ?? {}, steps: [], ...(job.ended === undefined ? {} : { startedAt: 1, finishedAt: 2 }) },
  ]);
  return {
    id: toRunId('0'.repeat(26)),
    seq: 1,
    plan,
    trigger: { type: 'manual', actor: 'test', payload: null, branch: null, tag: null, sha: null },
    status: 'running',
    createdAt: 0,
    outputs: {},
    openJobs: states.length,
    runningJobs: 0,
    waitingJobs: 0,
    jobs: new Map(states),
    ...(cancelled ? { cancel: { by: 'ada', at: 1 } } : {}),
  };
}

describe('readyJobs', () => {
  it('hands out what needs nothing, and holds back what does', () => {
    expect(readyJobs(state({ a: {}, b: { needs: ['a'] } }))).toEqual({ ready: ['a'], settled: [] });
  });

  it('hands out a job once everything it needs succeeded', () => {
    const run = state({ a: { ended: 'success' }, b: { ended: 'success' }, c: { needs: ['a', 'b'] } });
    expect(readyJobs(run, { after: ['b'] }).ready).toEqual(['c']);
  });

  it('skips what needs a failed job, and what needs that, and says why', () => {
    const { ready, settled } = readyJobs(state({ a: { ended: 'failed' }, b: { needs: ['a'] }, c: { needs: ['b'] } }));
    expect(ready).toEqual([]);
    expect(settled.map((one) => [one.job, one.status, one.reason?.message])).toEqual([
      ['b', 'skipped', 'it needs a (failed) to succeed'],
      ['c', 'skipped', 'it needs b (skipped) to succeed'],
    ]);
    expect(settled[0]?.reason?.values).toEqual({ 'needs.a.result': 'failed' });
  });

  it('records the values that made a condition false', () => {
    const { settled } = readyJobs(state({ a: { ended: 'success', outputs: { n: '1' } }, b: { needs: ['a'], if: "needs.a.outputs.n == '2'" } }));
    expect(settled[0]).toMatchObject({ status: 'skipped', reason: { rule: 'condition', values: { 'needs.a.outputs.n': '1' } } });
  });

  it.each([
    ['always()', 'failed', true],
    ['always()', 'skipped', true],
    ['failure()', 'failed', true],
    ['failure()', 'success', false],
    ['failure()', 'skipped', false],
    ['success()', 'success', true],
    ['success()', 'skipped', false],
    ["success('a')", 'success', true],
    ["failure('a')", 'failed', true],
    ['cancelled()', 'success', false],
    ['!cancelled()', 'failed', true],
    ["always() && needs.a.result == 'failed'", 'failed', true],
    ['inputs.go', 'success', true],
    ['inputs.go', 'failed', false],
    ['${{ inputs.go }}', 'success', true],
    ['false', 'success', false],
  ] as const)('with if: %s after a job that ended as %s: %s', (condition, ended, runs) => {
    const { ready } = readyJobs(state({ a: { ended }, b: { needs: ['a'], if: condition } }));
    expect(ready).toEqual(runs ? ['b'] : []);
  });

  it('counts a job further up as well, as GitHub does', () => {
    const run = state({ a: { ended: 'failed' }, b: { needs: ['a'], if: 'always()', ended: 'success' }, c: { needs: ['b'] }, d: { needs: ['b'], if: 'failure()' } });
    const { ready, settled } = readyJobs(run);
    expect(ready).toEqual(['d']);
    expect(settled.map((one) => [one.job, one.reason?.message])).toEqual([['c', 'a job further up did not succeed']]);
  });

  it('takes a failed job with continue-on-error for a success', () => {
    expect(readyJobs(state({ a: { ended: 'failed', continueOnError: true }, b: { needs: ['a'] } })).ready).toEqual(['b']);
  });

  it('after a cancellation cancels what has not started, unless its condition asks to run', () => {
    const run = state({ a: { ended: 'cancelled' }, b: { needs: ['a'] }, c: { needs: ['a'], if: 'always()' }, d: { needs: ['a'], if: 'cancelled()' } }, true);
    const { ready, settled } = readyJobs(run);
    expect(ready).toEqual(['c', 'd']);
    expect(settled).toEqual([{ job: 'b', status: 'cancelled', reason: { rule: 'cancelled', message: 'the run was cancelled by ada' } }]);
  });

  it('fails a job whose condition cannot be evaluated', () => {
    const { settled } = readyJobs(state({ a: { if: "fromJSON('{') == 1" } }));
    expect(settled[0]).toMatchObject({ job: 'a', status: 'failed', error: { code: 'EXPRESSION_FAILED' } });
  });

  it('does not decide again about a job that has started or waits for a retry', () => {
    const run = state({ a: {} });
    const started = new Map(run.jobs);
    const job = started.get('a');
    if (job === undefined) throw new Error('no job');
    started.set('a', { ...job, attempt: 2 });
    expect(readyJobs({ ...run, jobs: started })).toEqual({ ready: [], settled: [] });
  });
});

describe('runOutcome', () => {
  const outcome = (jobs: Record<string, Sketch>, cancelled = false): string => {
    const run = state(jobs, cancelled);
    return runOutcome(run, (key) => jobs[key]?.ended ?? 'skipped');
  };

  it('is a success when every job succeeded or was skipped', () => {
    expect(outcome({ a: { ended: 'success' }, b: { ended: 'skipped' } })).toBe('success');
  });
  it('fails when a job failed for good', () => {
    expect(outcome({ a: { ended: 'failed' }, b: { ended: 'success' } })).toBe('failed');
    expect(outcome({ a: { ended: 'failed', continueOnError: true }, b: { ended: 'success' } })).toBe('success');
  });
  it('is cancelled once that was asked, however the jobs ended', () => {
    expect(outcome({ a: { ended: 'success' } }, true)).toBe('cancelled');
  });
  it('is skipped when nothing ran', () => {
    expect(outcome({ a: { ended: 'skipped' } })).toBe('skipped');
  });
});
