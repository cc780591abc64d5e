import type { JobView } from '@kb-labs/contracts';
import { expect, it } from 'vitest';

import { groupJobs, jobsOf } from './group-jobs.js';

const job = (key: string, combinationOf?: string): JobView => ({
  id: `run.${key}`,
  key,
  name: key,
  needs: [],
  ...(combinationOf === undefined ? {} : { combinationOf }),
  status: 'success',
  attempt: 1,
  outputs: {},
  startedAt: null,
  finishedAt: null,
  steps: [],
});
const JOBS = [job('lint'), job('test'), job('test (20)', 'test'), job('test (22)', 'test'), job('report')];

it('puts combinations with their job, and keeps the order', () => {
  expect(groupJobs(JOBS).map(({ job: { key }, combinations }) => [key, ...combinations.map((each) => each.key)])).toEqual([['lint'], ['test', 'test (20)', 'test (22)'], ['report']]);
});

it('reads of a job with a matrix what its combinations print, and of a combination that alone', () => {
  expect(jobsOf(JOBS, 'test')).toEqual(['test', 'test (20)', 'test (22)']);
  expect(jobsOf(JOBS, 'test (20)')).toEqual(['test (20)']);
});
