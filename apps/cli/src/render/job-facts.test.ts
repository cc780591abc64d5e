import type { PlannedJob, RunPlan } from '@kb-labs/contracts';
import { describe, expect, it } from 'vitest';

import { jobFacts, runFacts } from './job-facts.js';

const retry = { max: 0, backoff: 'exponential', initialMs: 1_000, capMs: 60_000, jitter: true } as const;
const job: PlannedJob = { key: 'a', name: 'a', needs: [], if: null, env: {}, timeoutMs: 1, retry, continueOnError: false, outputs: {}, steps: [] };

describe('jobFacts', () => {
  it('says nothing about a job with nothing special', () => {
    expect(jobFacts(job)).toEqual([]);
  });

  it('counts the combinations of a matrix that is written out', () => {
    const matrix = { node: [20, 22], os: ['linux', 'mac'], exclude: [{ node: 20, os: 'mac' }], include: [{ node: 24 }] };
    expect(jobFacts({ ...job, strategy: { matrix, failFast: false, maxParallel: 2 } })).toEqual(['4 combinations', '2 at once', 'goes on when one fails']);
    expect(jobFacts({ ...job, strategy: { matrix: { list: '${{ fromJSON(needs.a.outputs.list) }}' }, failFast: true } })).toEqual(['combinations from an expression']);
  });

  it('names groups, priority, retries and artifacts', () => {
    const artifacts = { produce: ['dist'], consume: ['src', 'docs'], merge: { strategy: 'append', from: [{ job: 'b' }] } } as const;
    const concurrency = { group: 'deploy', cancelInProgress: false, queue: 'latest' } as const;
    expect(jobFacts({ ...job, artifacts, concurrency, priority: 'high', retry: { ...retry, max: 2 }, continueOnError: true })).toEqual([
      'one at a time in deploy, the latest waits',
      'high priority',
      '2 retries, exponential from 1.0s',
      'continue on error',
      'produces dist',
      'consumes src, docs',
      'merges 1 source by append',
    ]);
  });
});

describe('runFacts', () => {
  it('names what holds for the whole run', () => {
    const plan: RunPlan = { schema: 1, workflow: { id: 'w', name: 'w', version: null, digest: 'd' }, inputs: {}, vars: {}, env: {}, outputs: {}, jobs: [] };
    expect(runFacts(plan)).toEqual([]);
    const full: RunPlan = { ...plan, timeoutMs: 60_000, concurrency: { group: 'g', cancelInProgress: true, queue: 'all' }, phases: [{ id: 'b', label: 'Build' }] };
    expect(runFacts(full)).toEqual(['timeout 1m 00s', 'one at a time in g, cancels those before it', 'phases Build']);
  });
});
