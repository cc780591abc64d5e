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
});
