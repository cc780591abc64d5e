import type { EarlierJob, EarlierStep } from '@kb-labs/contracts';
import { describe, expect, it } from 'vitest';

import { keepJob, keepStep } from './keep-results.js';

const step: EarlierStep = { id: 's', status: 'success', outputs: {}, artifacts: [], inputs: 'i1' };
const job: EarlierJob = { ended: { outputs: {}, artifacts: [] }, needs: 'n1', steps: [step] };

describe('keepStep', () => {
  it.each([
    ['the inputs are the same', { inputs: 'i1', earlierRan: false }, step, true, /inputs are the same/],
    ['the inputs have changed', { inputs: 'i2', earlierRan: false }, step, false, /inputs have changed/],
    ['the inputs cannot be compared', { inputs: 'i1', earlierRan: false }, { ...step, inputs: null }, false, /cannot be compared/],
    ['an earlier step ran again', { inputs: 'i1', earlierRan: true }, step, false, /before it ran again/],
    ['what was approved is the same, whatever ran again', { inputs: 'i2', earlierRan: true, subject: 's1' }, { ...step, inputs: null, subject: 's1' }, true, /has not changed/],
    ['what was approved is another', { inputs: 'i1', earlierRan: false, subject: 's2' }, { ...step, subject: 's1' }, false, /has changed/],
    ['nothing is asked for approval any more', { inputs: 'i1', earlierRan: false }, { ...step, subject: 's1' }, false, /has changed/],
  ])('when %s', (_, now, earlier, keep, why) => {
    expect(keepStep(now, earlier)).toEqual({ keep, why: expect.stringMatching(why) as string });
  });
});

describe('keepJob', () => {
  it.each<[string, { needs: string; needsRanAgain: string[] }, EarlierJob | undefined, boolean, RegExp]>([
    ['it succeeded and nothing changed', { needs: 'n1', needsRanAgain: [] }, job, true, /succeeded/],
    ['there is no earlier job', { needs: 'n1', needsRanAgain: [] }, undefined, false, /no result/],
    ['it did not succeed', { needs: 'n1', needsRanAgain: [] }, { needs: 'n1', steps: [] }, false, /has to run again/],
    ['what it reads has changed', { needs: 'n2', needsRanAgain: [] }, job, false, /reads of the jobs it needs/],
    ['jobs it needs ran again', { needs: 'n1', needsRanAgain: ['build', 'test'] }, job, false, /^build, test ran again/],
  ])('when %s', (_, now, earlier, keep, why) => {
    expect(keepJob(now, earlier)).toEqual({ keep, why: expect.stringMatching(why) as string });
  });
});
