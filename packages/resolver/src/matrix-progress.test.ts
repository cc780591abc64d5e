import type { JobState, PlannedStrategy, RunState } from '@kb-labs/contracts';
import { describe, expect, it } from 'vitest';

import { matrixEnd, releasable, releasedBy } from './matrix-progress.js';
import { aPlannedJob, aRun, expandedStates } from './run-state.fixture.js';

const queued: Partial<JobState> = {};
const running: Partial<JobState> = { status: 'running', startedAt: 1 };
const waiting: Partial<JobState> = { status: 'waiting', startedAt: 1 };
const retried: Partial<JobState> = { status: 'queued', startedAt: 1, attempt: 2 };
const done: Partial<JobState> = { status: 'success', startedAt: 1, finishedAt: 2 };
const failed: Partial<JobState> = { status: 'failed', startedAt: 1, finishedAt: 2, error: { code: 'EXIT_CODE', message: 'first' } };
const stopped: Partial<JobState> = { status: 'cancelled', finishedAt: 2, reason: { rule: 'fail-fast', message: 'another failed' } };
const skipped: Partial<JobState> = { status: 'skipped', finishedAt: 2 };

function run(combinations: readonly Partial<JobState>[], maxParallel?: number, over: { continueOnError?: boolean; state?: Partial<RunState> } = {}): RunState {
  const strategy: PlannedStrategy = { matrix: {}, failFast: false, ...(maxParallel === undefined ? {} : { maxParallel }) };
  return aRun([aPlannedJob('a', { strategy, continueOnError: over.continueOnError ?? false })], expandedStates('a', combinations), over.state);
}

describe('releasable', () => {
  it.each<[string, Partial<JobState>[], number | undefined, string[]]>([
    ['all without a limit', [queued, queued, queued], undefined, ['a.1', 'a.2', 'a.3']],
    ['the first ones with a limit', [queued, queued, queued], 2, ['a.1', 'a.2']],
    ['those that have a turn and have not begun', [running, queued, queued], 2, ['a.2']],
    ['those after what has ended', [done, failed, running, queued, queued], 2, ['a.4']],
    ['none while every turn is taken', [running, waiting, queued], 2, []],
    ['none for one that waits for its retry, which has a turn and has begun', [retried, queued], 1, []],
    ['none when all have ended', [done, stopped], 1, []],
    ['none for fewer combinations than turns that have begun', [running], 5, []],
    ['over a kept result further on', [running, queued, done, queued], 3, ['a.2', 'a.4']],
  ])('are %s', (_, combinations, maxParallel, keys) => {
    expect(releasable(run(combinations, maxParallel), 'a')).toEqual(keys);
  });

  it('is nothing for a job that has not become its combinations, or is none', () => {
    const state = aRun([aPlannedJob('a', { strategy: { matrix: {}, failFast: false } })]);
    expect([releasable(state, 'a'), releasable(state, 'b'), releasedBy(state, 'a', 1), matrixEnd(state, 'a')]).toEqual([[], [], undefined, undefined]);
  });
});

describe('releasedBy', () => {
  it.each<[string, Partial<JobState>[], number | undefined, string | undefined]>([
    ['the next one', [done, running, queued, queued], 2, 'a.3'],
    ['the next one when a later one ended first', [running, done, queued, queued], 2, 'a.3'],
    ['nothing without a limit', [done, queued], undefined, undefined],
    ['nothing when there are no more', [done, running], 2, undefined],
    ['nothing when it was stopped', [failed, running, stopped, stopped], 2, undefined],
  ])('is %s', (_, combinations, maxParallel, key) => {
    const ended = combinations.filter((one) => one.finishedAt !== undefined).length;
    expect(releasedBy(run(combinations, maxParallel), 'a', ended)).toBe(key);
  });

  it('hands out each combination once and in order, however many end at once', () => {
    for (const atOnce of [1, 2, 3]) {
      const states: Partial<JobState>[] = Array.from({ length: 10 }, () => queued);
      const handedOut = [...releasable(run(states, 3), 'a')];
      for (let ended = 0; ended < handedOut.length; ) {
        const ends = handedOut.slice(ended, ended + atOnce);
        for (const key of ends) states[Number(key.slice(2)) - 1] = done;
        const first = ended;
        ended += ends.length;
        for (let nth = first + 1; nth <= ended; nth += 1) {
          const next = releasedBy(run(states, 3), 'a', nth);
          if (next !== undefined) handedOut.push(next);
        }
      }
      expect(handedOut).toEqual(states.map((_, index) => `a.${index + 1}`));
    }
  });

  it('agrees with what may be handed out, at every step of a matrix', () => {
    const states: Partial<JobState>[] = Array.from({ length: 12 }, () => queued);
    const started = new Set(releasable(run(states, 3), 'a'));
    for (const key of started) states[Number(key.slice(2)) - 1] = running;
    for (let turn = 0; started.size < states.length; turn += 1) {
      const open = states.flatMap((one, index) => (one === running ? [index] : []));
      states[open[(turn * 7) % open.length] ?? 0] = done;
      const next = releasedBy(run(states, 3), 'a', states.filter((one) => one === done).length);
      expect(releasable(run(states, 3), 'a')).toEqual(next === undefined ? [] : [next]);
      if (next === undefined) break;
      started.add(next);
      states[Number(next.slice(2)) - 1] = running;
    }
    expect(started.size).toBe(12);
  });
});

describe('matrixEnd', () => {
  it('is not there while one is open', () => {
    expect(matrixEnd(run([done, running]), 'a')).toBeUndefined();
  });

  it.each<[string, Partial<JobState>[], string]>([
    ['failed when one failed', [done, failed, stopped, skipped], 'failed'],
    ['cancelled when one was cancelled and none failed', [done, stopped, skipped], 'cancelled'],
    ['success when some succeeded and the others were skipped', [skipped, done], 'success'],
    ['skipped when all were', [skipped, skipped], 'skipped'],
  ])('is %s', (_, combinations, status) => {
    expect(matrixEnd(run(combinations), 'a')?.status).toBe(status);
  });

  it('takes a failure that is tolerated for a success', () => {
    expect(matrixEnd(run([failed, failed], undefined, { continueOnError: true }), 'a')).toEqual({ status: 'success', outputs: {} });
    expect(matrixEnd(run([failed, stopped], undefined, { continueOnError: true }), 'a')?.status).toBe('cancelled');
  });

  it('has the error of the first that failed, and the reason of the first that was cancelled', () => {
    const second = { ...failed, error: { code: 'EXIT_CODE', message: 'second' } };
    expect(matrixEnd(run([done, failed, second]), 'a')?.error?.message).toBe('first');
    expect(matrixEnd(run([done, stopped]), 'a')?.reason?.rule).toBe('fail-fast');
  });

  it('has of each output the last value that is one', () => {
    const with_ = (outputs: JobState['outputs']): Partial<JobState> => ({ ...done, outputs });
    const state = run([with_({ a: 1, b: 'x', c: null }), with_({ a: 0, b: '', c: '' }), with_({ a: null, d: false })]);
    expect(matrixEnd(state, 'a')?.outputs).toEqual({ a: 0, b: 'x', c: null, d: false });
  });
});
