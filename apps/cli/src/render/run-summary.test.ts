import type { LogLine } from '@kb-labs/contracts';
import { describe, expect, it } from 'vitest';

import { createStyle } from '../terminal/style.js';
import { renderRunSummary } from './run-summary.js';
import { aJob, aRun, aStep, at, START } from './sample-run.test-data.js';

const plain = createStyle(false);

function line(text: string): LogLine {
  return { job: 'a', step: 'two', attempt: 1, n: 1, at: START, stream: 'stderr', level: 'info', text };
}

describe('renderRunSummary', () => {
  it('lists outputs and artifacts of a success', () => {
    const run = aRun({
      status: 'success',
      startedAt: at(0),
      finishedAt: at(1_500),
      outputs: { count: 3, summary: '# Title\n\nText' },
      artifacts: [{ name: 'review.md', type: 'markdown', label: null, digest: 'sha256:0', bytes: 2_048, job: 'a', step: 's' }],
    });
    expect(renderRunSummary(run, { style: plain, tail: () => [] })).toEqual([
      '✓ success  demo  run_01ARYZ6S410000000000000000  in 1.5s',
      '',
      'Outputs',
      '  count: 3',
      '  summary:',
      '    # Title',
      '',
      '    Text',
      '',
      'Artifacts',
      '  review.md  markdown, 2.0 KiB',
      '  kb workflow:artifacts --run-id=run_01ARYZ6S410000000000000000 --download=NAME',
    ]);
  });

  it('shows what failed, its last lines and where the rest is', () => {
    const error = { code: 'EXIT_CODE', message: 'the script ended with exit code 1', hint: 'look at its log' };
    const run = aRun({
      status: 'failed',
      startedAt: at(0),
      finishedAt: at(10),
      error,
      jobs: [aJob({ key: 'a', status: 'failed', error, steps: [aStep({ id: 'one', status: 'success' }), aStep({ id: 'two', status: 'failed', error })] }), aJob({ key: 'b', status: 'skipped' })],
    });
    expect(renderRunSummary(run, { style: plain, tail: (job, step) => (job === 'a' && step === 'two' ? [line('boom')] : []) })).toEqual([
      '✗ failed  demo  run_01ARYZ6S410000000000000000  in 10ms',
      '',
      '✗ a/two  EXIT_CODE: the script ended with exit code 1',
      '  look at its log',
      '  a/two ! boom',
      '',
      'The whole log: kb workflow:logs --run-id=run_01ARYZ6S410000000000000000',
    ]);
  });

  it('bounds what a matrix can make of it', () => {
    const error = { code: 'EXIT_CODE', message: 'exit code 1' };
    const combinations = Array.from({ length: 1_000 }, (_, index) => aJob({ key: `m.${String(index + 1)}`, combinationOf: 'm', status: 'failed', error, steps: [aStep({ id: 's', status: 'failed', error })] }));
    const artifacts = Array.from({ length: 1_000 }, (_, index) => ({ name: `a${String(index)}`, type: 'text', label: null, digest: 'sha256:0', bytes: 1, job: 'm', step: null }) as const);
    const lines = renderRunSummary(aRun({ status: 'failed', error, jobs: [aJob({ key: 'm', status: 'failed', error }), ...combinations], artifacts }), { style: plain, tail: () => [] });
    expect(lines.length).toBeLessThan(110);
    expect(lines).toContain('✗ and 980 more that failed');
    expect(lines.some((line) => line.includes('950 more: kb workflow:artifacts'))).toBe(true);
    expect(lines.filter((line) => line.startsWith('✗ m '))).toEqual([]);
  });

  it('shows the error of the run itself when no job has one', () => {
    const run = aRun({ status: 'failed', error: { code: 'EXPRESSION_FAILED', message: 'no such thing' } });
    expect(renderRunSummary(run, { style: plain, tail: () => [] })).toContain('✗ EXPRESSION_FAILED: no such thing');
  });
});
