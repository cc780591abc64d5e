import type { JobView } from '@kb-labs/contracts';
import { describe, expect, it } from 'vitest';

import { createStyle } from '../terminal/style.js';
import { runChanges } from './run-changes.js';
import { aJob, aRun, aStep, at, START } from './sample-run.test-data.js';

const options = { style: createStyle(false), now: START + 500 };

const started = aRun({ status: 'running', startedAt: at(1), jobs: [aJob({ key: 'a', status: 'running', startedAt: at(1), steps: [aStep({ id: 'one', status: 'running', startedAt: at(2) }), aStep({ id: 'two' })] })] });
const ended = aRun({
  status: 'failed',
  startedAt: at(1),
  finishedAt: at(60),
  jobs: [
    aJob({
      key: 'a',
      status: 'failed',
      startedAt: at(1),
      finishedAt: at(50),
      error: { code: 'EXIT_CODE', message: 'exit code 1' },
      steps: [
        aStep({ id: 'one', status: 'success', startedAt: at(2), finishedAt: at(20) }),
        aStep({ id: 'two', status: 'failed', startedAt: at(21), finishedAt: at(50), error: { code: 'EXIT_CODE', message: 'exit code 1' } }),
      ],
    }),
  ],
});

function texts(...views: Parameters<typeof runChanges>): string[] {
  return runChanges(...views).map(({ scope, text }) => `${scope}: ${text}`);
}

describe('runChanges', () => {
  it('tells what happened between two views, oldest first', () => {
    expect(texts(started, ended, options)).toEqual([
      'a/one: ✓ success  18ms',
      'a/two: started',
      'a/two: ✗ failed  29ms  exit code 1',
      'a: ✗ failed  49ms  exit code 1',
      'demo: ✗ failed  59ms',
    ]);
  });

  it('tells everything so far from the first view, and nothing when nothing changed', () => {
    expect(texts(undefined, started, options)).toEqual(['demo: run run_01ARYZ6S410000000000000000', 'a: started', 'a/one: started']);
    expect(texts(started, started, options)).toEqual([]);
  });

  it('tells of another try of a job, whose steps are new', () => {
    const retried = aRun({ status: 'running', startedAt: at(1), jobs: [aJob({ key: 'a', status: 'running', attempt: 2, startedAt: at(100), steps: [aStep({ id: 'one', status: 'running', startedAt: at(101) }), aStep({ id: 'two' })] })] });
    expect(texts(started, retried, options)).toEqual(['a: started, try 2', 'a/one: started']);
  });

  it('tells of another try before its steps, although the job keeps the time of its first one', () => {
    const reason = { rule: 'retry', message: 'try 2 follows EXIT_CODE', dueAt: at(90) };
    const job = aJob({ key: 'a', status: 'waiting', attempt: 2, startedAt: at(1), reason, error: { code: 'EXIT_CODE', message: 'exit code 4' }, steps: [aStep({ id: 'one' })] });
    const waiting = aRun({ status: 'waiting', startedAt: at(1), jobs: [job] });
    const running = aRun({ status: 'running', startedAt: at(1), jobs: [{ ...job, status: 'running', steps: [aStep({ id: 'one', status: 'running', startedAt: at(101) })] }] });
    expect(texts(waiting, running, options)).toEqual(['a: started, try 2', 'a/one: started']);
  });

  it('tells of the end of a job after those of its combinations', () => {
    const jobs = ['m', 'm.1', 'm.2'].map((key) => aJob({ key, status: 'success', startedAt: at(1), finishedAt: at(9), ...(key === 'm' ? {} : { combinationOf: 'm', matrix: { n: key } }) }));
    const open = jobs.map((job) => ({ ...job, status: 'running' as const, finishedAt: null }));
    expect(texts(aRun({ status: 'running', startedAt: at(1), jobs: open }), aRun({ status: 'running', startedAt: at(1), jobs }), options)).toEqual(['m.1: ✓ success  8ms', 'm.2: ✓ success  8ms', 'm: ✓ success  8ms']);
  });

  it('tells why a step waits for its next try, and when that has started', () => {
    const failure = { code: 'EXIT_CODE', message: 'exit code 4' };
    const reason = { rule: 'retry', message: 'try 2 follows EXIT_CODE', dueAt: at(2_500) };
    const one = aStep({ id: 'one', status: 'waiting', attempt: 2, startedAt: at(2), reason, error: failure });
    const job = aJob({ key: 'a', status: 'waiting', startedAt: at(1), reason, steps: [one] });
    const waiting = aRun({ status: 'waiting', startedAt: at(1), jobs: [job] });
    const running = aRun({ status: 'running', startedAt: at(1), jobs: [{ ...job, status: 'running', steps: [{ ...one, status: 'running' }] }] });
    expect(runChanges(started, waiting, options)).toEqual([{ at: at(500), scope: 'a/one', text: '… waiting  exit code 4; try 2 in 2.0s' }]);
    expect(runChanges(waiting, running, options)).toEqual([{ at: at(500), scope: 'a/one', text: 'started, try 2' }]);
    expect(texts(running, running, options)).toEqual([]);
  });

  it('tells how many tries it took, and what a condition was false for', () => {
    const reason = { rule: 'condition', message: 'its condition was false', expression: "inputs.x ==\n  'b'", values: { 'inputs.x': 'a' } };
    const jobs = [
      aJob({ key: 'a', status: 'success', startedAt: at(1), finishedAt: at(9), steps: [aStep({ id: 'one', status: 'success', attempt: 3, startedAt: at(2), finishedAt: at(8) })] }),
      aJob({ key: 'b', status: 'skipped', reason, finishedAt: at(9) }),
    ];
    expect(texts(undefined, aRun({ status: 'running', jobs }), options)).toEqual([
      'demo: run run_01ARYZ6S410000000000000000',
      'a: started',
      'a/one: started',
      'a/one: ✓ success  6ms  try 3',
      'a: ✓ success  8ms',
      `b: – skipped  its condition was false: inputs.x == 'b' (inputs.x is "a")`,
    ]);
  });

  it('tells what is waited for once, and not that it has started again', () => {
    const waitsFor = { kind: 'signal', name: 'go', expiresAt: null } as const;
    const step = aStep({ id: 'w', status: 'waiting', startedAt: at(2), waitsFor });
    const job = aJob({ key: 'a', status: 'waiting', startedAt: at(1), reason: { rule: 'signal', message: 'it waits' }, steps: [step] });
    const waiting = aRun({ status: 'waiting', startedAt: at(1), jobs: [job] });
    const done = aRun({ status: 'running', startedAt: at(1), jobs: [{ ...job, status: 'running', steps: [{ ...step, status: 'success', finishedAt: at(9) }] }] });
    expect(texts(started, waiting, options)).toContain('a/w: … waiting  for the signal go: kb workflow:signal go --run-id=run_01ARYZ6S410000000000000000');
    expect(texts(waiting, waiting, options)).toEqual([]);
    expect(texts(waiting, done, options)).toEqual(['a/w: ✓ success  7ms']);
  });

  it('tells how to approve, and tells it again when something else is to be approved', () => {
    const approval = { kind: 'approval', title: 'Ship it?', instructions: null, context: null, approvers: null, form: null, subject: 'one', expiresAt: null } as const;
    const view = (subject: string) => aRun({ status: 'waiting', startedAt: at(1), jobs: [aJob({ key: 'a', status: 'waiting', startedAt: at(1), steps: [aStep({ id: 'ok', status: 'waiting_approval', startedAt: at(2), waitsFor: { ...approval, subject } })] })] });
    const line = 'a/ok: ? waiting_approval  Ship it?: kb workflow:approve --run-id=run_01ARYZ6S410000000000000000 --step-id=a/ok';
    expect(texts(undefined, view('one'), options)).toContain(line);
    expect(texts(view('one'), view('one'), options)).toEqual([]);
    expect(texts(view('one'), view('two'), options)).toEqual([line]);
  });

  it('tells who holds the place that is waited for', () => {
    const reason = { rule: 'concurrency', message: 'it waits for the group g, held by run_D' };
    const queued = aRun({ jobs: [aJob({ key: 'a' })] });
    expect(texts(queued, aRun({ reason, jobs: [aJob({ key: 'a' })] }), options)).toEqual(['demo: · queued  it waits for the group g, held by run_D']);
    expect(texts(queued, aRun({ jobs: [aJob({ key: 'a', reason })] }), options)).toEqual(['a: · queued  it waits for the group g, held by run_D']);
  });

  it('counts what is too much to tell, failures last', () => {
    const combination = (index: number, over: Partial<JobView>) => aJob({ key: `m.${String(index + 1)}`, combinationOf: 'm', matrix: { n: index }, ...over });
    const of = (over: (index: number) => Partial<JobView>) => aRun({ status: 'running', startedAt: at(1), jobs: [aJob({ key: 'm', status: 'running', startedAt: at(1) }), ...Array.from({ length: 10_000 }, (_, index) => combination(index, over(index)))] });
    const begun = of((index) => ({ status: index === 0 ? 'running' : 'queued', startedAt: index === 0 ? at(2) : null }));
    expect(texts(aRun({ status: 'running', startedAt: at(1), jobs: [aJob({ key: 'm', status: 'running', startedAt: at(1) })] }), begun, options)).toEqual(['m: 10000 combinations', 'm.1: started, n 0']);
    const cancelled = of((index) => ({ status: index === 9_999 ? 'failed' : 'cancelled', startedAt: null, finishedAt: at(3) }));
    const told = texts(begun, cancelled, options);
    expect(told).toHaveLength(61);
    expect(told).toContain('m.10000: ✗ failed');
    expect(told.at(-1)).toBe('demo: and 9940 more: 9940 cancelled');
  });
});
