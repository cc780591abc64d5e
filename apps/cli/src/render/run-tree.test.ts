import type { JobView, StepView } from '@kb-labs/contracts';
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
      '  ▸ test  running      3.0s  try 2',
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

  it('shows the step that failed before it began', () => {
    const error = { code: 'WITH_INVALID', message: '"soon" is no duration' };
    const steps = [aStep({ id: 'ask', status: 'failed', error }), aStep({ id: 'push', status: 'skipped', reason: { rule: 'earlier-step', message: 'the step ask failed before it' } })];
    const jobs = [aJob({ key: 'a', status: 'failed', startedAt: at(0), finishedAt: at(5), error, steps })];
    expect(renderRunTree(aRun({ status: 'failed', jobs }), { now: START, style: plain, columns: 100 }).slice(2)).toEqual([
      '    ✗ ask   failed       "soon" is no duration',
      '    – push  skipped      the step ask failed before it',
    ]);
  });

  it('shortens titles before states in a narrow terminal', () => {
    const steps = [aStep({ id: 'long', name: 'A name that is much longer than this terminal is wide', status: 'running', startedAt: at(0) })];
    const lines = renderRunTree(aRun({ status: 'running', jobs: [aJob({ key: 'a', status: 'running', startedAt: at(0), steps })] }), { now: START + 65_000, style: plain, columns: 44 });
    expect(lines.at(-1)).toBe('    ▸ A name that is …  running      1m 05s');
  });

  it('shows what a run waits for and how that is answered', () => {
    const approval = { kind: 'approval', title: 'Ship it?', instructions: null, context: null, approvers: ['ada', 'bob'], form: null, subject: 'sha256:1', expiresAt: at(61_000) } as const;
    const waiting = (id: string, waitsFor: NonNullable<StepView['waitsFor']>): StepView => aStep({ id, status: waitsFor.kind === 'approval' ? 'waiting_approval' : 'waiting', startedAt: at(0), waitsFor, reason: { rule: 'x', message: 'told otherwise' } });
    const job = (key: string, step: StepView) => aJob({ key, status: 'waiting', startedAt: at(0), reason: { rule: 'x', message: 'told by the step' }, steps: [step] });
    const jobs = [
      job('a', waiting('ok', approval)),
      job('b', waiting('go', { kind: 'signal', name: 'it is done', expiresAt: null })),
      job('c', waiting('hook', { kind: 'callback', expiresAt: null })),
      job('d', { ...waiting('call', { kind: 'child', runId: 'run_C', expiresAt: null }), childRunId: 'run_C' }),
      job('e', waiting('nap', { kind: 'timer', dueAt: at(3_500) })),
      aJob({ key: 'f', status: 'queued', reason: { rule: 'concurrency', message: 'it waits for the group g, held by run_D' } }),
    ];
    expect(renderRunTree(aRun({ status: 'waiting', startedAt: at(0), jobs }), { now: START + 1_000, style: plain, columns: 120, callbackUrl: () => 'http://kb/x' })).toEqual([
      'demo  run_01ARYZ6S410000000000000000  … waiting  1.0s',
      '  … a  waiting           1.0s',
      '    ? ok    waiting_approval  1.0s  Ship it?, by ada or bob, 1m 00s left',
      '        kb workflow:approve --run-id=run_01ARYZ6S410000000000000000 --step-id=a/ok',
      '  … b  waiting           1.0s',
      '    … go    waiting           1.0s  for the signal it is done',
      "        kb workflow:signal 'it is done' --run-id=run_01ARYZ6S410000000000000000",
      '  … c  waiting           1.0s',
      '    … hook  waiting           1.0s  to be called back',
      '        http://kb/x',
      '  … d  waiting           1.0s',
      '    … call  waiting           1.0s  → run_C',
      '  … e  waiting           1.0s',
      '    … nap   waiting           1.0s  3.0s left',
      '  · f  queued            it waits for the group g, held by run_D',
    ]);
  });

  it('shows combinations below their job, phases, hooks, iterations and what was kept', () => {
    const jobs = [
      aJob({ key: 'test', status: 'running', startedAt: at(0) }),
      aJob({ key: 'test.1', combinationOf: 'test', matrix: { node: 20, os: 'linux' }, status: 'success', keptFrom: 'run_B', steps: [aStep({ id: 'unit', status: 'success', keptFrom: 'run_B' })] }),
      aJob({
        key: 'test.2',
        combinationOf: 'test',
        matrix: { node: 22, os: 'linux' },
        status: 'running',
        startedAt: at(0),
        steps: [aStep({ id: 'prepare', hook: 'pre', status: 'success', startedAt: at(0), finishedAt: at(5) }), aStep({ id: 'unit', phase: 'check', iteration: 2, status: 'running', startedAt: at(0) })],
      }),
    ];
    const run = aRun({ status: 'running', startedAt: at(0), rerunOf: 'run_B', phases: [{ id: 'check', label: 'Checks', status: 'running' }], jobs });
    expect(renderRunTree(run, { now: START + 2_000, style: plain, columns: 100 })).toEqual([
      'demo  run_01ARYZ6S410000000000000000  ▸ running  2.0s',
      '  rerun of run_B',
      '  ▸ test                          running      2.0s',
      '    ✓ test.1 (node 20, os linux)  success      kept from run_B',
      '      ✓ unit           success      kept from run_B',
      '    ▸ test.2 (node 22, os linux)  running      2.0s',
      '      ✓ pre prepare    success      5ms',
      '      ▸ [Checks] unit  running      2.0s  iteration 2',
    ]);
    const called = aRun({ parent: { id: 'run_P', workflowId: 'outer', job: 'a', step: 'call' } });
    expect(renderRunTree(called, { now: START, style: plain, columns: 100 })[1]).toBe('  called by a/call of run_P');
  });

  it('counts most of ten thousand combinations, in a screen and without one', () => {
    const combination = (index: number): JobView =>
      aJob({ key: `many.${String(index + 1)}`, combinationOf: 'many', matrix: { n: index }, status: index < 9_000 ? 'success' : index < 9_004 ? 'running' : index === 9_004 ? 'failed' : 'queued', startedAt: at(0), steps: [aStep({ id: 's' })] });
    const run = aRun({ status: 'running', startedAt: at(0), jobs: [aJob({ key: 'many', status: 'running', startedAt: at(0) }), ...Array.from({ length: 10_000 }, (_, index) => combination(index)), aJob({ key: 'after' })] });
    const screen = renderRunTree(run, { now: START, style: plain, columns: 100, rows: 10 });
    expect(screen).toHaveLength(10);
    expect(screen.filter((line) => /many\.90\d\d.*running/.test(line))).toHaveLength(4);
    expect(screen.some((line) => /many\.9005.*failed/.test(line))).toBe(true);
    expect(screen.at(-1)).toMatch(/^ {2}and 9994 more: 994 queued, 9000 success$/);
    const whole = renderRunTree(run, { now: START, style: plain, columns: 100 });
    expect(whole.length).toBeLessThan(120);
    expect(whole.at(-2)).toBe('    and 9950 more: 950 queued, 9000 success');
    expect(whole.at(-1)).toMatch(/after +queued$/);
  });
});
