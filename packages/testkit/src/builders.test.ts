import { isRunId } from '@kb-labs/contracts';
import { expect, it } from 'vitest';

import { aPlan } from './a-plan.js';
import { countingIds } from './counting-ids.js';
import { memoryLogger } from './memory-logger.js';
import { someLines } from './some-commands.js';

it('puts the jobs of a plan after what they need, and those of equal rank as written', () => {
  const plan = aPlan({ jobs: { deploy: { needs: ['build', 'test'] }, test: { needs: ['build'] }, build: {}, lint: {} } });
  expect(plan.jobs.map((job) => job.key)).toEqual(['build', 'test', 'deploy', 'lint']);
});

it('fills in steps from an id, from parts, or from nothing', () => {
  const [job] = aPlan({ jobs: { main: { steps: ['a', { timeoutMs: 5 }] } } }).jobs;
  expect(job?.steps.map((step) => [step.id, step.timeoutMs])).toEqual([['a', null], ['step-2', 5]]);
  expect(aPlan().jobs.map((each) => [each.key, each.steps.length])).toEqual([['main', 1]]);
});

it('refuses a plan with an unknown need or a circle', () => {
  expect(() => aPlan({ jobs: { a: { needs: ['b'] } } })).toThrow(/need/);
  expect(() => aPlan({ jobs: { a: { needs: ['b'] }, b: { needs: ['a'] } } })).toThrow(/circle/);
});

it('counts valid run ids upwards, in order', () => {
  const ids = countingIds();
  const made = Array.from({ length: 2_000 }, () => ids.runId());
  expect(made.every((id) => isRunId(id))).toBe(true);
  expect([...made].sort()).toEqual(made);
  expect(new Set(made).size).toBe(made.length);
  expect(ids.workerId()).toMatch(/^wrk_[0-9A-HJKMNP-TV-Z]{26}$/);
});

it('keeps what a logger is told', () => {
  const logger = memoryLogger();
  logger.warn('careful', { n: 1 });
  logger.info('done');
  expect(logger.entries).toEqual([
    { level: 'warn', message: 'careful', fields: { n: 1 } },
    { level: 'info', message: 'done', fields: {} },
  ]);
});

it('numbers lines as a step would', () => {
  expect(someLines({ from: 3, to: 4 }).map((line) => line.n)).toEqual([3, 4]);
});
