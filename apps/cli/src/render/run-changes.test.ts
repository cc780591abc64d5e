import { describe, expect, it } from 'vitest';

import { createStyle } from '../terminal/style.js';
import { runChanges } from './run-changes.js';
import { aJob, aRun, aStep, at } from './sample-run.test-data.js';

const plain = createStyle(false);

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
    expect(texts(started, ended, plain)).toEqual([
      'a/one: ✓ success  18ms',
      'a/two: started',
      'a/two: ✗ failed  29ms  exit code 1',
      'a: ✗ failed  49ms  exit code 1',
      'demo: ✗ failed  59ms',
    ]);
  });

  it('tells everything so far from the first view, and nothing when nothing changed', () => {
    expect(texts(undefined, started, plain)).toEqual(['demo: run run_01ARYZ6S410000000000000000', 'a: started', 'a/one: started']);
    expect(texts(started, started, plain)).toEqual([]);
  });

  it('tells of another try of a job, whose steps are new', () => {
    const retried = aRun({ status: 'running', startedAt: at(1), jobs: [aJob({ key: 'a', status: 'running', attempt: 2, startedAt: at(100), steps: [aStep({ id: 'one', status: 'running', startedAt: at(101) }), aStep({ id: 'two' })] })] });
    expect(texts(started, retried, plain)).toEqual(['a: started, try 2', 'a/one: started']);
  });
});
