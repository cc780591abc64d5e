import type { Hook, Reason, RunState, StepStatus } from '@kb-labs/contracts';
import { describe, expect, it } from 'vitest';

import { aJobState, aPlannedJob, aPlannedStep, aRun, aStepState, endedSteps } from './run-state.fixture.js';
import { decideStep } from './step-condition.js';
import { cancelReason } from './stop-reason.js';

type Written = readonly [id: string, hook: Hook | undefined, status: StepStatus];

/** The reason why the last of some steps does not run; `undefined` when it does. */
function reasonOf(before: readonly Written[], hook: Hook | undefined, at: { cancelled?: boolean; timedOut?: boolean; state?: Partial<RunState> } = {}): Reason | undefined {
  const planned = [...before, ['last', hook, 'queued'] as const].map(([id, of]) => aPlannedStep(id, of === undefined ? {} : { hook: of }));
  const job = aPlannedJob('a', { steps: planned });
  const step = planned.at(-1);
  if (step === undefined) throw new Error('no step');
  const decision = decideStep({
    state: aRun([job], [aJobState('a')], at.state ?? {}),
    job,
    step,
    ended: endedSteps(job, before.map(([id, , status]) => aStepState(id, { status, finishedAt: 2 }))),
    contexts: {},
    cancelled: at.cancelled ?? false,
    ...(at.timedOut === undefined ? {} : { timedOut: at.timedOut }),
    hashFiles: () => '',
  });
  return decision.run ? undefined : decision.reason;
}

describe('decideStep', () => {
  it('says which step kept the success hook from running', () => {
    expect(reasonOf([['pre-1', 'pre', 'success'], ['build', undefined, 'failed']], 'on-success')).toEqual({
      rule: 'hook',
      message: 'it is for success, and the step build failed',
      values: { 'steps.build.conclusion': 'failed' },
    });
  });

  it('says how the steps ended when the failure hook has nothing to do', () => {
    expect(reasonOf([['pre-1', 'pre', 'success'], ['build', undefined, 'skipped'], ['on-success-1', 'on-success', 'failed']], 'on-failure')).toEqual({
      rule: 'hook',
      message: 'it is for failures, and no step failed',
      values: { 'steps.pre-1.conclusion': 'success', 'steps.build.conclusion': 'skipped' },
    });
  });

  it('says which step ended the hook', () => {
    expect(reasonOf([['build', undefined, 'success'], ['on-success-1', 'on-success', 'failed']], 'on-success')?.message).toBe('its hook was over when the step on-success-1 failed');
  });

  it('says that the time ran out', () => {
    const before: Written[] = [['build', undefined, 'success']];
    expect([undefined, 'pre', 'on-success', 'on-failure', 'post'].map((hook) => reasonOf(before, hook as Hook | undefined, { timedOut: true })?.rule)).toEqual([
      'timeout',
      'timeout',
      'timeout',
      undefined,
      undefined,
    ]);
  });

  it('says who cancelled, or that the job alone was stopped', () => {
    const before: Written[] = [['build', undefined, 'cancelled']];
    expect(reasonOf(before, undefined, { cancelled: true, state: { cancel: { by: 'ada', at: 1, note: 'enough' } } })).toEqual({ rule: 'cancelled', message: 'the run was cancelled by ada: enough' });
    const own: Reason = { rule: 'fail-fast', message: 'another combination failed' };
    expect(reasonOf(before, 'on-success', { cancelled: true, state: { jobs: new Map([['a', aJobState('a', { cancelled: true, cancelReason: own })]]) } })).toEqual(own);
    expect(reasonOf(before, 'post', { cancelled: true })).toBeUndefined();
  });
});

describe('cancelReason', () => {
  it('is the time limit when that ended the run', () => {
    expect(cancelReason(aRun([], [], { cancel: { by: 'engine', at: 1, cause: 'timeout' } }))).toEqual({ rule: 'timeout', message: 'the time of the run ran out' });
  });
});
