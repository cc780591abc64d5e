import { isTerminalJob, type JobState, type RunEventBody, type RunPlan, toRunId } from '@kb-labs/contracts';
import { describe, expect, it } from 'vitest';

import { foldRun } from './fold-run.js';
import { jobEnded, jobStarted, journal, plan, planned, runId, started, stepEnded, stepStarted } from './journal.fixture.js';

const earlier = toRunId(`${'0'.repeat(25)}1`);
const long: RunEventBody = { ...started, plan: { ...plan, jobs: [planned('a', [], ['x', 'y', 'z'])] } } as RunEventBody;
const matrix: RunPlan = { ...plan, jobs: [{ ...planned('a', [], ['x']), strategy: { matrix: {}, failFast: true } }] };
const kept = { run: earlier, why: 'it succeeded' };
const rerun = { of: earlier, mode: 'failed' as const, changesFiles: [], earlier: { a: { needs: '', ended: { outputs: {}, artifacts: [] }, steps: [{ id: 'x', status: 'success' as const, outputs: {}, artifacts: [], inputs: null }] } } };
const later = { attempt: 2, dueAt: 9_000, code: 'EXIT_CODE' };

/** What is counted after each event, of a job and of those it became. */
function counts(...bodies: RunEventBody[]): number[][] {
  const events = journal(...bodies);
  return events.map((_, index) => {
    const jobs = [...foldRun(runId, events.slice(0, index + 1)).jobs.values()];
    expect(jobs.filter(isMiscounted).map(({ key }) => key)).toEqual([]);
    return jobs.map(({ endedSteps }) => endedSteps);
  });
}

function isMiscounted({ steps, endedSteps }: JobState): boolean {
  const open = steps.findIndex(({ status }) => !isTerminalJob(status));
  return endedSteps !== (open < 0 ? steps.length : open);
}

describe('how many of the first steps of a job have ended', () => {
  it('is counted on with each end', () => {
    expect(counts(long, jobStarted('a'), stepStarted('a', 'x'), stepEnded('a', 'x'), stepEnded('a', 'y', { status: 'skipped' }), stepEnded('a', 'z', { retry: later, status: 'failed' }))).toEqual([[0], [0], [0], [1], [2], [2]]);
  });

  it('goes on behind those that ended out of turn', () => {
    expect(counts(long, jobStarted('a'), stepEnded('a', 'y'), stepEnded('a', 'x'))).toEqual([[0], [0], [0], [2]]);
  });

  it('goes back with a gate, and only so far', () => {
    const back = stepEnded('a', 'z', { restart: { from: 'y' } });
    expect(counts(long, jobStarted('a'), stepEnded('a', 'x'), stepEnded('a', 'y'), back, stepEnded('a', 'y'))).toEqual([[0], [0], [1], [2], [1], [2]]);
  });

  it('begins anew with another attempt', () => {
    expect(counts(long, jobStarted('a'), stepEnded('a', 'x'), jobEnded('a', { status: 'failed', retry: later }))).toEqual([[0], [0], [1], [0]]);
  });

  it('is of each combination, and of those that are kept', () => {
    expect(counts({ ...started, plan: matrix } as RunEventBody, { type: 'job.expanded', job: 'a', combinations: [{ n: 1 }, { n: 2 }] }, jobStarted('a.2'), stepEnded('a.2', 'x'))).toEqual([[0], [0, 0, 0], [0, 0, 0], [0, 0, 1]]);
    expect(counts({ ...started, rerun } as RunEventBody, jobEnded('a', { kept }))).toEqual([[0, 0], [1, 0]]);
  });

  it('would be found to be wrong', () => {
    const job = foldRun(runId, journal(long, jobStarted('a'), stepEnded('a', 'x'))).jobs.get('a');
    if (job === undefined) throw new Error('the job is gone');
    expect([0, 1, 2].filter((endedSteps) => isMiscounted({ ...job, endedSteps }))).toEqual([0, 2]);
  });
});
