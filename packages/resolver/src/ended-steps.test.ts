import { describe, expect, it } from 'vitest';

import { EndedSteps } from './ended-steps.js';
import { aPlannedJob, aPlannedStep, aStepState, endedSteps } from './run-state.fixture.js';

const job = aPlannedJob('a', {
  steps: [aPlannedStep('one', { continueOnError: true }), aPlannedStep('two'), aPlannedStep('three'), aPlannedStep('four'), aPlannedStep('undo', { hook: 'on-failure' })],
});
const steps = [
  aStepState('one', { status: 'failed', finishedAt: 2 }),
  aStepState('two', { status: 'success', finishedAt: 3, outputs: { x: 2 } }),
  aStepState('three', { status: 'failed', finishedAt: 4 }),
  aStepState('four', { status: 'failed', finishedAt: 5 }),
  aStepState('undo', { status: 'failed', finishedAt: 6 }),
];

describe('EndedSteps', () => {
  it('adds what has ended since, and keeps what was there', () => {
    const ended = new EndedSteps(job);
    ended.catchUp(steps, 1);
    const { left } = ended;
    expect(left).toEqual({ one: { outputs: {}, outcome: 'failed', status: 'failed', conclusion: 'success' } });
    const { one } = left;
    ended.catchUp(steps, 2);
    expect(left['two']).toEqual({ outputs: { x: 2 }, outcome: 'success', status: 'success', conclusion: 'success' });
    expect(left['one']).toBe(one);
    ended.catchUp(steps, 2);
    expect(Object.keys(left)).toEqual(['one', 'two']);
  });

  it('knows the first that failed of each part, after continue-on-error', () => {
    const ended = endedSteps(job, steps);
    expect([ended.failedOf('main')?.id, ended.failedOf('on-failure')?.id, ended.failedOf('on-success')]).toEqual(['three', 'undo', undefined]);
    expect(ended.main.map(({ id, result }) => `${id} ${result}`)).toEqual(['one success', 'two success', 'three failed', 'four failed']);
  });

  it('takes a step of any name', () => {
    const odd = aPlannedJob('a', { steps: [aPlannedStep('__proto__')] });
    expect(Object.keys(endedSteps(odd, [aStepState('__proto__', { status: 'success', finishedAt: 2 })]).left)).toEqual(['__proto__']);
  });

  it('refuses a step that has not ended', () => {
    expect(() => endedSteps(job, [aStepState('one', { status: 'running' })])).toThrow('step 1 of a has not ended');
  });
});
