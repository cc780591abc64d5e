import type { JobView, RunView, StepView } from '@kb-labs/contracts';
import { describe, expect, it } from 'vitest';

import { around, placeOf, ticksOf } from './axis.js';
import { rowText } from './row-text.js';
import { sumOf, timelineOf } from './timeline.js';

/** Seconds of one minute as an instant, and as milliseconds. */
const at = (second: number): string => `2026-01-01T00:00:${String(second).padStart(2, '0')}.000Z`;
const ms = (second: number): number => Date.parse(at(second));
const step = (id: string, more: Partial<StepView> = {}): StepView => ({ id, name: id, uses: 'builtin:run', status: 'success', attempt: 1, outputs: {}, isolation: null, startedAt: null, finishedAt: null, ...more });
const job = (key: string, more: Partial<JobView> = {}): JobView => ({ id: `r.${key}`, key, name: key, needs: [], status: 'success', attempt: 1, outputs: {}, startedAt: null, finishedAt: null, steps: [], ...more });
const run = (jobs: JobView[], more: Partial<RunView> = {}): RunView => ({
  id: 'r',
  workflowId: 'w',
  workflowVersion: null,
  status: 'running',
  trigger: { type: 'manual', actor: 'a', payload: null, branch: null, tag: null, sha: null },
  input: {},
  outputs: {},
  createdAt: at(0),
  startedAt: at(0),
  finishedAt: null,
  durationMs: null,
  jobs,
  artifacts: [],
  ...more,
});
const barsOf = (one: RunView, id: string): unknown[] =>
  timelineOf(one, ms(50)).rows.find((row) => row.id === id)?.bars.map(({ kind, from, to }) => [kind, (from - ms(0)) / 1_000, (to - ms(0)) / 1_000]) ?? ['no such row'];

describe('the time of a job', () => {
  it('begins in a queue when the run was made, or when what it needs had ended', () => {
    const view = run([job('a', { startedAt: at(2), finishedAt: at(5) }), job('b', { startedAt: at(3), finishedAt: at(9) }), job('c', { needs: ['a', 'b'], startedAt: at(12), finishedAt: at(13) })]);
    expect(barsOf(view, 'a')).toEqual([['queue', 0, 2], ['run', 2, 5]]);
    expect(barsOf(view, 'c')).toEqual([['queue', 9, 12], ['run', 12, 13]]);
  });

  it('goes on until now while it is not over', () => {
    const view = run([job('a', { status: 'running', startedAt: at(2) }), job('b', { status: 'queued' }), job('c', { status: 'queued', needs: ['a'] })]);
    expect(barsOf(view, 'a')).toEqual([['queue', 0, 2], ['run', 2, 50]]);
    expect(barsOf(view, 'b')).toEqual([['queue', 0, 50]]);
    expect(barsOf(view, 'c')).toEqual([]);
    expect(timelineOf(view, ms(50))).toMatchObject({ from: ms(0), to: ms(50) });
  });

  it('is none of one that never started, or whose result is of an earlier run', () => {
    const view = run([job('a', { status: 'skipped', finishedAt: at(3) }), job('b', { keptFrom: 'run_0', startedAt: at(1), finishedAt: at(2), steps: [step('s')] })]);
    expect(timelineOf(view, ms(50)).rows).toMatchObject([{ id: 'a', bars: [] }, { id: 'b', bars: [], kept: true, below: 0 }]);
  });

  it('has the waits of its steps apart', () => {
    const steps = [
      step('one', { startedAt: at(1), finishedAt: at(4) }),
      step('two', { uses: 'builtin:sleep', startedAt: at(4), finishedAt: at(10) }),
      step('three', { uses: 'workflow://other', startedAt: at(11), finishedAt: at(12) }),
      step('four', { uses: 'builtin:gate', startedAt: at(12), finishedAt: at(14) }),
      step('five', { uses: '@kb-labs/x/a:b', status: 'waiting', waitsFor: { kind: 'signal', name: 's', expiresAt: null }, startedAt: at(14) }),
    ];
    const view = run([job('a', { status: 'waiting', startedAt: at(0), steps })]);
    expect(barsOf(view, 'a')).toEqual([['run', 0, 4], ['wait', 4, 10], ['run', 10, 11], ['wait', 11, 12], ['run', 12, 14], ['wait', 14, 50]]);
    expect(barsOf(view, 'a/two')).toEqual([['wait', 4, 10]]);
    expect(barsOf(view, 'a/three')).toEqual([['queue', 10, 11], ['wait', 11, 12]]);
    expect(barsOf(view, 'a/four')).toEqual([['run', 12, 14]]);
    expect(sumOf(timelineOf(view, ms(50)).rows[0]?.bars ?? [], 'wait')).toBe(43_000);
  });

  it('ends a step that its job ended without', () => {
    const view = run([job('a', { status: 'cancelled', startedAt: at(1), finishedAt: at(6), steps: [step('s', { status: 'cancelled', startedAt: at(2) })] })]);
    expect(barsOf(view, 'a/s')).toEqual([['queue', 1, 2], ['run', 2, 6]]);
  });

  it('does not take what was before the last try of a step for a queue', () => {
    const steps = (more: Partial<StepView>): StepView[] => [step('s', { startedAt: at(9), finishedAt: at(9), ...more })];
    expect(barsOf(run([job('a', { startedAt: at(1), finishedAt: at(9), steps: steps({}) })]), 'a/s')).toEqual([['queue', 1, 9], ['run', 9, 9]]);
    expect(barsOf(run([job('a', { startedAt: at(1), finishedAt: at(9), steps: steps({ iteration: 2 }) })]), 'a/s')).toEqual([['run', 9, 9]]);
    expect(barsOf(run([job('a', { attempt: 2, startedAt: at(1), finishedAt: at(9), steps: steps({}) })]), 'a/s')).toEqual([['run', 9, 9]]);
  });

  it('is never negative, whatever the clocks of the hosts say', () => {
    expect(barsOf(run([job('a', { startedAt: at(9), finishedAt: at(4) })]), 'a')).toEqual([['queue', 0, 9]]);
  });

  it('of combinations stands below their job, with their steps', () => {
    const view = run([job('m', { startedAt: at(0) }), job('m-1', { combinationOf: 'm', steps: [step('s')] }), job('m-2', { combinationOf: 'm', steps: [step('s'), step('t')] }), job('n')]);
    expect(timelineOf(view, ms(50)).rows.map(({ id, depth, below }) => [id, depth, below])).toEqual([['m', 0, 5], ['m-1', 1, 1], ['m-1/s', 2, 0], ['m-2', 1, 2], ['m-2/s', 2, 0], ['m-2/t', 2, 0], ['n', 0, 0]]);
  });
});

describe('the axis', () => {
  it.each([
    [0, 10_000, 6, [0, 2_000, 4_000, 6_000, 8_000, 10_000]],
    [0, 7, 4, [0, 2, 4, 6]],
    [3_000, 9_000, 3, [4_000, 6_000, 8_000]],
    [0, 10 * 86_400_000, 5, [0, 2, 4, 6, 8, 10].map((days) => days * 86_400_000)],
  ])('from %i to %i has %i marks at the most', (from, to, most, marks) => {
    expect(ticksOf({ from, to }, 0, most)).toEqual(marks);
  });

  it('places what is shown of a stretch', () => {
    expect(placeOf({ from: 0, to: 50 }, { from: 0, to: 100 })).toEqual({ left: 0, width: 50 });
    expect(placeOf({ from: -50, to: 150 }, { from: 0, to: 100 })).toEqual({ left: 0, width: 100 });
    expect(placeOf({ from: 101, to: 150 }, { from: 0, to: 100 })).toBeUndefined();
    expect(around({ from: 100, to: 200 })).toEqual({ from: 95, to: 205 });
  });
});

describe('a row in words', () => {
  const words = (one: RunView, id: string): string | undefined => {
    const row = timelineOf(one, ms(50)).rows.find((each) => each.id === id);
    return row === undefined ? undefined : rowText(row, ms(0));
  };
  it('tells queue, waits and time apart', () => {
    const view = run([job('a', { startedAt: at(2), finishedAt: at(30), steps: [step('s', { uses: 'builtin:sleep', startedAt: at(3), finishedAt: at(20) })] })]);
    expect(words(view, 'a')).toBe('a: success, 2.0s in the queue, 17s waiting, 11s running, from 0ms to 30s');
  });
  it('says of what never ran how it stands, and of a result that was kept that it was', () => {
    expect(words(run([job('a', { status: 'skipped' })]), 'a')).toBe('a: skipped');
    expect(words(run([job('a', { keptFrom: 'run_0' })]), 'a')).toBe('a: success, the result of an earlier run');
  });
});
