import type { Workflow } from '@kb-labs/contracts';
import { describe, expect, it } from 'vitest';

import { checkGraph } from './check-graph.js';
import { orderJobs } from './order-jobs.js';

function workflow(needs: Record<string, string | string[]>): Workflow {
  const jobs = Object.fromEntries(Object.entries(needs).map(([key, list]) => [key, { needs: list, steps: [{ run: 'true' }] }]));
  return { id: 'w', jobs };
}

describe('checkGraph', () => {
  it('finds nothing in a graph that can be ordered', () => {
    expect(checkGraph(workflow({ a: [], b: 'a', c: ['a', 'b'] }))).toEqual([]);
  });

  it('names the job that an unknown need probably meant, at its place in the list', () => {
    const [finding] = checkGraph(workflow({ build: [], test: ['build', 'biuld'] }));
    expect(finding).toMatchObject({ code: 'NEEDS_UNKNOWN', path: ['jobs', 'test', 'needs', 1], hint: 'did you mean "build"?' });
  });

  it('points at a single need that was not written as a list', () => {
    expect(checkGraph(workflow({ test: 'nope' }))[0]?.path).toEqual(['jobs', 'test', 'needs']);
  });

  it('does not take a name of the prototype for a job', () => {
    expect(checkGraph(workflow({ test: ['constructor', 'toString'] })).map((one) => one.code)).toEqual(['NEEDS_UNKNOWN', 'NEEDS_UNKNOWN']);
  });

  it('prints a circle once, and a job that needs itself', () => {
    const found = checkGraph(workflow({ a: 'c', b: 'a', c: 'b', d: 'd' }));
    expect(found.map((one) => one.message)).toEqual([
      'jobs need each other in a circle: a → c → b → a',
      'jobs need each other in a circle: d → d',
    ]);
  });

  it('follows a chain longer than the call stack', () => {
    const chain = Object.fromEntries(Array.from({ length: 20_000 }, (_, n) => [`j${n}`, n === 0 ? 'j19999' : `j${n - 1}`]));
    expect(checkGraph(workflow(chain)).map((one) => one.code)).toEqual(['NEEDS_CYCLE']);
  });
});

describe('orderJobs', () => {
  it('puts every job after its needs and otherwise keeps the order of the document', () => {
    expect(orderJobs(workflow({ deploy: ['test', 'build'], test: 'build', lint: [], build: [] }))).toEqual(['lint', 'build', 'test', 'deploy']);
  });
});
