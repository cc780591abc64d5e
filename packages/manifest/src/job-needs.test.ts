import { describe, expect, it } from 'vitest';

import { JobNeeds } from './job-needs.js';
import { outlineOf } from './outline.js';

function needsOf(jobs: Record<string, string[]>): JobNeeds {
  const data = { jobs: Object.fromEntries(Object.entries(jobs).map(([key, needs]) => [key, { needs, steps: [] }])) };
  return new JobNeeds([...(outlineOf(data).jobs?.values() ?? [])]);
}

describe('JobNeeds', () => {
  it('follows needs of needs, and not backwards', () => {
    const needs = needsOf({ a: [], b: ['a'], c: ['b'], d: [] });
    expect(needs.of('c')).toEqual(['a', 'b']);
    expect([needs.reaches('c', 'a'), needs.reaches('a', 'c'), needs.reaches('c', 'd'), needs.reaches('a', 'a')]).toEqual([true, false, false, false]);
  });

  it('ends in a circle, and knows nothing of jobs that do not exist', () => {
    const needs = needsOf({ a: ['b', 'nobody'], b: ['a'] });
    expect([needs.reaches('a', 'b'), needs.reaches('b', 'a'), needs.reaches('a', 'a'), needs.reaches('a', 'nobody'), needs.reaches('nobody', 'a')]).toEqual([true, true, false, false, false]);
  });
});
