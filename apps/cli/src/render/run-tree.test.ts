import { describe, expect, it } from 'vitest';

import { createStyle } from '../terminal/style.js';
import { textWidth } from '../terminal/text-width.js';
import { renderRunTree } from './run-tree.js';
import { aJob, aRun, aStep, at, START } from './sample-run.test-data.js';

const plain = createStyle(false);

const running = aRun({
  status: 'running',
  workflowVersion: '1.2.0',
  startedAt: at(0),
  jobs: [
    aJob({
      key: 'build',
      status: 'success',
      startedAt: at(0),
      finishedAt: at(1_250),
      steps: [aStep({ id: 'compile', status: 'success', startedAt: at(10), finishedAt: at(1_200) })],
    }),
    aJob({
      key: 'test',
      needs: ['build'],
      status: 'running',
      attempt: 2,
      startedAt: at(1_300),
      steps: [
        aStep({ id: 'unit', status: 'failed', startedAt: at(1_300), finishedAt: at(1_400), error: { code: 'EXIT_CODE', message: 'the script ended with exit code 1\nmore' } }),
        aStep({ id: 'e2e', name: 'End to end', status: 'running', startedAt: at(1_500) }),
        aStep({ id: 'report' }),
      ],
    }),
    aJob({ key: 'deploy', needs: ['test'], status: 'skipped', reason: { rule: 'condition', message: 'its condition was false' } }),
  ],
});

describe('renderRunTree', () => {
  it('shows every job and step with its state in words', () => {
    expect(renderRunTree(running, { now: START + 4_700, style: plain, columns: 100 })).toEqual([
      'demo 1.2.0  run_01ARYZ6S410000000000000000  ▸ running  4.0s',
      '  ✓ build   success      1.3s',
      '    ✓ compile     success      1.2s',
      '  ▸ test    running      3.0s  try 2',
      '    ✗ unit        failed       100ms  the script ended with exit code 1',
      '    ▸ End to end  running      3.0s',
      '    · report      queued',
      '  – deploy  skipped      its condition was false',
    ]);
  });

  it('says when nobody carries the run on', () => {
    const lonely = { ...running, reason: { rule: 'no-worker', message: 'no worker' } };
    expect(renderRunTree(lonely, { now: START, style: plain, columns: 100 })[0]).toContain('▸ running (no worker)');
  });

  it('folds finished jobs first when rows are short, then counts the rest', () => {
    expect(renderRunTree(running, { now: START + 4_700, style: plain, columns: 100, rows: 7 })).toEqual([
      'demo 1.2.0  run_01ARYZ6S410000000000000000  ▸ running  4.0s',
      '  ✓ build   success      1.3s',
      '  ▸ test    running      3.0s  try 2',
      '    ✗ unit        failed       100ms  the script ended with exit code 1',
      '    ▸ End to end  running      3.0s',
      '    · report      queued',
      '  – deploy  skipped      its condition was false',
    ]);
    expect(renderRunTree(running, { now: START + 4_700, style: plain, columns: 100, rows: 3 })).toEqual([
      'demo 1.2.0  run_01ARYZ6S410000000000000000  ▸ running  4.0s',
      '  ▸ test    running      3.0s  try 2',
      '  and 2 more: 1 skipped, 1 success',
    ]);
  });

  it('never takes more room than it has, however large the run', () => {
    const jobs = Array.from({ length: 300 }, (_, index) => aJob({ key: `job-${String(index)}`, status: index % 3 === 0 ? 'running' : 'queued', startedAt: at(0), steps: [aStep({ id: '構築する' })] }));
    for (const rows of [2, 3, 10, 40]) {
      for (const columns of [10, 30, 80]) {
        const lines = renderRunTree(aRun({ status: 'running', jobs }), { now: START + 5_000, style: createStyle(true), columns, rows });
        expect(lines.length).toBeLessThanOrEqual(rows);
        expect(Math.max(...lines.map(textWidth))).toBeLessThanOrEqual(columns);
      }
    }
  });

  it('cannot be controlled by names and messages', () => {
    const nasty = aRun({ jobs: [aJob({ key: 'a', status: 'failed', error: { code: 'X', message: '\u001b[2Jgone\u0007' }, steps: [aStep({ id: 's', name: '\u001b]0;title\u0007name' })] })] });
    expect(renderRunTree(nasty, { now: START, style: plain, columns: 100 }).join('\n')).not.toMatch(/\u001b|\u0007/);
  });

  it('leaves out the steps of a job that ended without running them', () => {
    const jobs = [aJob({ key: 'a', status: 'cancelled', reason: { rule: 'cancelled', message: 'the run was cancelled by ada' }, steps: [aStep({ id: 'never' })] })];
    expect(renderRunTree(aRun({ status: 'cancelled', jobs }), { now: START, style: plain, columns: 100 }).slice(1)).toEqual(['  ■ a  cancelled    the run was cancelled by ada']);
  });

  it('shortens titles before states in a narrow terminal', () => {
    const steps = [aStep({ id: 'long', name: 'A name that is much longer than this terminal is wide', status: 'running', startedAt: at(0) })];
    const lines = renderRunTree(aRun({ status: 'running', jobs: [aJob({ key: 'a', status: 'running', startedAt: at(0), steps })] }), { now: START + 65_000, style: plain, columns: 44 });
    expect(lines.at(-1)).toBe('    ▸ A name that is …  running      1m 05s');
  });
});
