import { LIMITS, type PlannedStrategy, type RunState, type TerminalJobStatus } from '@kb-labs/contracts';
import { describe, expect, it } from 'vitest';

import { readyJobs } from './ready-jobs.js';
import { runOutcome } from './run-outcome.js';
import { aJobState, aPlannedJob, aRun, expandedStates } from './run-state.fixture.js';

interface Sketch {
  readonly needs?: string[];
  readonly if?: string;
  readonly ended?: TerminalJobStatus;
  readonly continueOnError?: boolean;
  readonly outputs?: Record<string, string>;
  readonly matrix?: PlannedStrategy['matrix'];
}

function state(jobs: Record<string, Sketch>, cancelled = false): RunState {
  const planned = Object.entries(jobs).map(([key, job]) =>
    aPlannedJob(key, {
      needs: job.needs ?? [],
      if: job.if ?? null,
      continueOnError: job.continueOnError ?? false,
      ...(job.matrix === undefined ? {} : { strategy: { matrix: job.matrix, failFast: true } }),
    }),
  );
  const states = Object.entries(jobs).map(([key, job]) =>
    aJobState(key, { status: job.ended ?? 'queued', outputs: job.outputs ?? {}, ...(job.ended === undefined ? {} : { startedAt: 1, finishedAt: 2 }) }),
  );
  const run = aRun(planned, states, cancelled ? { cancel: { by: 'ada', at: 1 } } : {});
  return { ...run, plan: { ...run.plan, inputs: { go: true } } };
}

describe('readyJobs', () => {
  it('hands out what needs nothing, and holds back what does', () => {
    expect(readyJobs(state({ a: {}, b: { needs: ['a'] } }))).toEqual({ ready: ['a'], settled: [], expanded: [] });
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
    expect(readyJobs({ ...run, jobs: started })).toEqual({ ready: [], settled: [], expanded: [] });
  });
});

describe('readyJobs with a matrix', () => {
  const many = (count: number): { n: number[] } => ({ n: Array.from({ length: count }, (_, n) => n) });

  it('expands a job where it would hand it out', () => {
    expect(readyJobs(state({ a: { matrix: { n: [1, 2] } }, b: { needs: ['a'] } }))).toEqual({
      ready: [],
      settled: [],
      expanded: [{ job: 'a', combinations: [{ n: 1 }, { n: 2 }] }],
    });
  });

  it('decides the condition first', () => {
    const { settled, expanded } = readyJobs(state({ a: { if: 'false', matrix: 'no matrix' } }));
    expect([settled.map((one) => one.reason?.rule), expanded]).toEqual([['condition'], []]);
  });

  it('reads outputs of the jobs it needs', () => {
    const run = state({ a: { ended: 'success', outputs: { list: '["x","y"]' } }, b: { needs: ['a'], matrix: { on: '${{ fromJSON(needs.a.outputs.list) }}' } } });
    expect(readyJobs(run, { after: ['a'] }).expanded).toEqual([{ job: 'b', combinations: [{ on: 'x' }, { on: 'y' }] }]);
  });

  it('skips a job without a combination, and what needs it', () => {
    const run = state({ a: { ended: 'success', outputs: { list: '[]' } }, b: { needs: ['a'], matrix: { on: '${{ fromJSON(needs.a.outputs.list) }}' } }, c: { needs: ['b'] } });
    expect(readyJobs(run).settled.map((one) => [one.job, one.status, one.reason?.rule])).toEqual([['b', 'skipped', 'matrix'], ['c', 'skipped', 'needs']]);
  });

  it('fails a job whose matrix is none, with what is wrong', () => {
    const { settled } = readyJobs(state({ a: { matrix: { n: '${{ inputs.go }}' } }, b: { matrix: { n: "${{ fromJSON('{') }}" } } }));
    expect(settled.map((one) => [one.job, one.status, one.error?.code])).toEqual([['a', 'failed', 'MATRIX_INVALID'], ['b', 'failed', 'EXPRESSION_FAILED']]);
    expect(settled[0]?.error?.message).toContain('the axis "n" has to be a list, not a boolean');
  });

  it('takes as many combinations as the limit allows, and not one more', () => {
    const run = state({ a: { matrix: many(3) } });
    expect(readyJobs(run, { matrixLimit: 3 }).expanded).toHaveLength(1);
    expect(readyJobs(run, { matrixLimit: 2 }).settled[0]?.error?.message).toContain('it has 3 combinations, and 2 is the most');
    expect(readyJobs(state({ a: { matrix: many(LIMITS.matrixCombinations) } })).expanded).toHaveLength(1);
    expect(readyJobs(state({ a: { matrix: many(LIMITS.matrixCombinations + 1) } })).settled).toHaveLength(1);
  });

  it('counts the combinations of all jobs of the run together', () => {
    const half = LIMITS.jobsAfterMatrix / 2;
    const limit = { matrixLimit: LIMITS.jobsAfterMatrix };
    expect(readyJobs(state({ a: { matrix: many(half) }, b: { matrix: many(half) } }), limit).expanded).toHaveLength(2);
    const { expanded, settled } = readyJobs(state({ a: { matrix: many(half) }, b: { matrix: many(half) }, c: {} }), limit);
    expect([expanded.map((one) => one.job), settled.map((one) => [one.job, one.error?.code])]).toEqual([['a'], [['b', 'MATRIX_INVALID']]]);
  });

  it('counts combinations there are already', () => {
    const jobs = ['a', 'b'].map((key) => aPlannedJob(key, { strategy: { matrix: { n: [1] }, failFast: true } }));
    const [a] = expandedStates('a', []);
    const full = aRun(jobs, [{ ...aJobState('a'), ...a, matrix: { total: LIMITS.jobsAfterMatrix, begun: 0, ended: 0 } }, aJobState('b')]);
    expect(readyJobs(full).settled[0]?.error?.code).toBe('MATRIX_INVALID');
  });

  it('does not decide again about a job that has become its combinations, nor about these', () => {
    const run = aRun([aPlannedJob('a', { strategy: { matrix: { n: [1, 2] }, failFast: true } })], expandedStates('a', [{}, {}]));
    expect(readyJobs(run)).toEqual({ ready: [], settled: [], expanded: [] });
  });

  it('lets a job that needs one read each combination', () => {
    const ended = { status: 'success', startedAt: 1, finishedAt: 2, outputs: { size: 7 } } as const;
    const [a, ...combinations] = expandedStates('a', [{ ...ended, outputs: { size: 3 } }, ended]);
    const jobs = [aPlannedJob('a', { strategy: { matrix: { n: [1, 2] }, failFast: true } }), aPlannedJob('b', { needs: ['a'], if: 'needs.a.combinations[0].outputs.size == 3 && needs.a.combinations[1].matrix.n == 2' })];
    const run = aRun(jobs, [{ ...aJobState('a'), ...a, ...ended }, ...combinations, aJobState('b')]);
    expect(readyJobs(run, { after: ['a'] }).ready).toEqual(['b']);
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
  it('fails when its time ran out, however it was stopped', () => {
    const run = { ...state({ a: { ended: 'cancelled' } }), cancel: { by: 'the engine', at: 1, cause: 'timeout' as const } };
    expect(runOutcome(run, () => 'cancelled')).toBe('failed');
  });
  it('counts a job with a matrix once, and its combinations not beside it', () => {
    const run = aRun([aPlannedJob('a', { strategy: { matrix: {}, failFast: false }, continueOnError: true })], expandedStates('a', [{ status: 'failed', finishedAt: 2 }]));
    expect(runOutcome(run, () => 'success')).toBe('success');
  });
  it('is skipped when nothing ran', () => {
    expect(outcome({ a: { ended: 'skipped' } })).toBe('skipped');
  });
});
