import { describe, expect, it } from 'vitest';

import { aJobState, aPlannedJob, aPlannedStep, aRun, aStepState, expandedStates, RUN_ID } from './run-state.fixture.js';
import { endedNeed, needsContext, runContexts, stepsContext, strategyContexts } from './scope.js';

const strategy = { matrix: { n: [1, 2] }, failFast: true };

describe('runContexts', () => {
  it('shows the trigger with the run that called, as plain data', () => {
    const parent = { runId: RUN_ID, workflowId: 'caller', depth: 0, job: 'a', step: 's' };
    const run = aRun([]);
    expect(runContexts({ ...run, trigger: { ...run.trigger, type: 'call', parent } })['trigger']).toEqual({ ...run.trigger, type: 'call', parent });
    expect(runContexts(run)['trigger']).toEqual(run.trigger);
  });
});

describe('strategyContexts', () => {
  it('is nothing for a job without a matrix, and for one that is not a combination', () => {
    expect([strategyContexts(aPlannedJob('a'), aJobState('a'), 0), strategyContexts(aPlannedJob('a', { strategy }), aJobState('a'), 2)]).toEqual([{}, {}]);
  });

  it('has the values of the combination and its place', () => {
    const state = aJobState('a.2', { combination: { of: 'a', index: 1, matrix: { n: 2 } } });
    expect(strategyContexts(aPlannedJob('a', { strategy }), state, 2)).toEqual({
      matrix: { n: 2 },
      strategy: { 'fail-fast': true, 'job-index': 1, 'job-total': 2, 'max-parallel': 2 },
    });
    expect(strategyContexts(aPlannedJob('a', { strategy: { ...strategy, maxParallel: 1 } }), state, 2)).toMatchObject({ strategy: { 'max-parallel': 1 } });
  });
});

describe('endedNeed', () => {
  const ended = { status: 'failed', startedAt: 1, finishedAt: 2, outputs: { x: 1 } } as const;

  it('is nothing of a job that has not ended or is not there', () => {
    const run = aRun([aPlannedJob('a')]);
    expect([endedNeed(run, 'a'), endedNeed(run, 'b')]).toEqual([undefined, undefined]);
  });

  it('counts a failure that is tolerated as a success', () => {
    expect(endedNeed(aRun([aPlannedJob('a')], [aJobState('a', ended)]), 'a')).toEqual({ result: 'failed', outputs: { x: 1 } });
    expect(endedNeed(aRun([aPlannedJob('a', { continueOnError: true })], [aJobState('a', ended)]), 'a')?.result).toBe('success');
  });

  it('has the combinations of a matrix, in order, and needs shows them', () => {
    const [a, ...combinations] = expandedStates('a', [{ ...ended, outputs: {} }, { ...ended, status: 'success' }]);
    const run = aRun([aPlannedJob('a', { strategy })], [{ ...aJobState('a'), ...a, ...ended }, ...combinations]);
    const expected = {
      result: 'failed',
      outputs: { x: 1 },
      combinations: [{ matrix: { n: 1 }, result: 'failed', outputs: {} }, { matrix: { n: 2 }, result: 'success', outputs: { x: 1 } }],
    };
    expect(endedNeed(run, 'a')).toEqual(expected);
    expect(needsContext(aPlannedJob('b', { needs: ['a', 'c'] }), (key) => endedNeed(run, key))).toEqual({ a: expected });
  });
});

describe('stepsContext', () => {
  const job = aPlannedJob('a', { steps: [aPlannedStep('one', { continueOnError: true }), aPlannedStep('two'), aPlannedStep('gate')] });

  it('has what the steps before left, and nothing of those that have not ended', () => {
    const steps = [aStepState('one', { status: 'failed', finishedAt: 2 }), aStepState('two', { status: 'running' }), aStepState('gate')];
    expect(stepsContext(job, steps)).toEqual({ one: { outputs: {}, outcome: 'failed', status: 'failed', conclusion: 'success' } });
  });

  it('shows what a gate decided that sent the job back, and nothing of how it ended', () => {
    const steps = [aStepState('one'), aStepState('two'), aStepState('gate', { iteration: 2, previous: { decision: 'again', context: { hint: 'shorter' } } })];
    expect(stepsContext(job, steps)).toEqual({ gate: { outputs: { decision: 'again', context: { hint: 'shorter' } } } });
  });

  it('shows the last decision of a gate that has ended', () => {
    const gate = aStepState('gate', { status: 'success', finishedAt: 2, iteration: 2, previous: { decision: 'again' }, outputs: { decision: 'ship' } });
    expect(stepsContext(job, [aStepState('one'), aStepState('two'), gate])['gate']).toMatchObject({ outputs: { decision: 'ship' }, conclusion: 'success' });
  });

  it('shows a step that was kept like one that ran', () => {
    const kept = aStepState('one', { status: 'success', finishedAt: 2, outputs: { x: 1 }, kept: { run: RUN_ID, why: 'its inputs are the same' } });
    expect(stepsContext(job, [kept])).toEqual({ one: { outputs: { x: 1 }, outcome: 'success', status: 'success', conclusion: 'success' } });
  });
});
