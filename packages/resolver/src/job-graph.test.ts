import { describe, expect, it } from 'vitest';

import { plannedJob } from './job-graph.js';
import { aJobState, aPlannedJob, aRun } from './run-state.fixture.js';

describe('plannedJob', () => {
  it("is the plan's own job", () => {
    const run = aRun([aPlannedJob('a')]);
    expect(plannedJob(run, 'a')).toBe(run.plan.jobs[0]);
    expect(plannedJob(run, 'b')).toBeUndefined();
  });

  it('of a combination has a key of its own and the rest of its job', () => {
    const run = aRun([aPlannedJob('a', { timeoutMs: 77 })], [aJobState('a'), aJobState('a.1', { combination: { of: 'a', index: 0, matrix: { n: 1 } } })]);
    expect(plannedJob(run, 'a.1')).toMatchObject({ key: 'a.1', timeoutMs: 77 });
  });
});
