import type { Job, Step, Workflow } from '@kb-labs/contracts';
import { describe, expect, it } from 'vitest';

import { checkScripts } from './check-scripts.js';
import { resolvePlan } from './resolve-plan.js';

function plan(workflow: Partial<Workflow>, calls?: ReadonlyMap<string, string>) {
  const written: Workflow = { id: 'w', jobs: { a: { steps: [{ uses: 'p/do:it' }] } }, ...workflow };
  return resolvePlan({ workflow: written, digest: 'sha256:0', inputs: {}, vars: {}, ...(calls === undefined ? {} : { calls }) });
}

function job(written: Partial<Job>) {
  return plan({ jobs: { a: { steps: [{ uses: 'p/do:it' }], ...written } } }).jobs[0];
}

function step(written: Step, calls?: ReadonlyMap<string, string>) {
  return plan({ jobs: { a: { steps: [written] } } }, calls).jobs[0]?.steps[0];
}

describe('resolvePlan', () => {
  it('has nothing of what a document does not use', () => {
    const [planned] = plan({}).jobs;
    expect(Object.keys(plan({}))).toEqual(['schema', 'workflow', 'inputs', 'vars', 'env', 'outputs', 'jobs']);
    expect(Object.keys(planned ?? {})).toEqual(['key', 'name', 'needs', 'if', 'env', 'timeoutMs', 'retry', 'continueOnError', 'outputs', 'steps']);
    expect(JSON.stringify(planned?.steps)).toBe(
      '[{"id":"step-1","name":"do:it","uses":{"kind":"plugin","package":"p","command":"do:it"},"with":{},"if":null,"env":{},"timeoutMs":null,' +
        '"retry":{"max":0,"backoff":"exponential","initialMs":1000,"capMs":60000,"jitter":true},"continueOnError":false,"onInterrupt":"retry","outputs":{},"artifacts":{},"permissions":{}}]',
    );
  });

  it('takes over what a workflow says of the whole run', () => {
    const resolved = plan({ timeout: '2h', concurrency: 'deploy-${{ inputs.to }}', phases: { build: { label: 'Build it' }, test: {} } });
    expect(resolved.timeoutMs).toBe(7_200_000);
    expect(resolved.concurrency).toEqual({ group: 'deploy-${{ inputs.to }}', cancelInProgress: false, queue: 'all' });
    expect(resolved.phases).toEqual([{ id: 'build', label: 'Build it' }, { id: 'test', label: 'test' }]);
  });

  it('has a step run where the narrowest target says, as a whole', () => {
    const pool = { mode: 'worker-pool' as const };
    const box = { mode: 'container' as const, image: 'node:22', memory: '1.5GiB', cpus: 2, pids: 64 };
    const command: Step = { uses: 'p/do:it' };
    const steps = [command, { run: 'x' }, { ...command, 'execution-target': box }, { uses: 'builtin:sleep', with: { for: '1s' } }, { uses: 'workflow://w' }];
    const targets = (written: Partial<Workflow>): unknown[] => plan(written).jobs[0]?.steps.map(({ target }) => target) ?? [];
    const planned = { mode: 'container', image: 'node:22', memoryBytes: 1.5 * 1024 ** 3, cpus: 2, pids: 64 };
    expect(targets({ jobs: { a: { steps } } })).toEqual([undefined, undefined, planned, undefined, undefined]);
    expect(targets({ defaults: { 'execution-target': box }, jobs: { a: { steps } } })).toEqual([planned, planned, planned, undefined, undefined]);
    expect(targets({ defaults: { 'execution-target': box }, jobs: { a: { 'execution-target': pool, steps } } })).toEqual([pool, undefined, planned, undefined, undefined]);
    expect(targets({ jobs: { a: { 'execution-target': { mode: 'subprocess', sandbox: false }, steps: [{ run: 'x' }] } } })).toEqual([{ mode: 'subprocess', sandbox: false }]);
  });

  it('takes over the strategy, which fails fast unless told otherwise', () => {
    expect(job({ strategy: { matrix: { n: [1] } } })?.strategy).toEqual({ matrix: { n: [1] }, failFast: true });
    expect(job({ strategy: { matrix: '${{ inputs.m }}', 'fail-fast': false, 'max-parallel': 3 } })?.strategy).toEqual({ matrix: '${{ inputs.m }}', failFast: false, maxParallel: 3 });
  });

  it('takes over the concurrency of a job', () => {
    expect(job({ concurrency: { group: 'g', 'cancel-in-progress': true, queue: 'latest' } })?.concurrency).toEqual({ group: 'g', cancelInProgress: true, queue: 'latest' });
  });

  it('says nothing of a normal priority', () => {
    expect([job({ priority: 'high' })?.priority, job({ priority: 'low' })?.priority, 'priority' in (job({ priority: 'normal' }) ?? {})]).toEqual(['high', 'low', false]);
  });

  it('takes over the artifacts of a job', () => {
    expect(job({ artifacts: { consume: ['dist'] } })?.artifacts).toEqual({ produce: [], consume: ['dist'] });
    expect(job({ artifacts: { produce: ['all'], merge: { strategy: 'append', from: [{ run: '${{ inputs.run }}', job: 'b' }, {}] } } })?.artifacts).toEqual({
      produce: ['all'],
      consume: [],
      merge: { strategy: 'append', from: [{ run: '${{ inputs.run }}', job: 'b' }, {}] },
    });
  });

  it('puts the steps of hooks around those of the job, with ids of their own', () => {
    const uses = 'p/do:it';
    const hooks = { post: [{ uses }, { uses, id: 'last' }], 'on-failure': [{ uses }], 'on-success': [{ uses }], pre: [{ uses }, { uses }] };
    expect(job({ hooks, steps: [{ uses }, { uses }] })?.steps.map((one) => [one.id, one.hook])).toEqual([
      ['pre-1', 'pre'],
      ['pre-2', 'pre'],
      ['step-1', undefined],
      ['step-2', undefined],
      ['on-success-1', 'on-success'],
      ['on-failure-1', 'on-failure'],
      ['post-1', 'post'],
      ['last', 'post'],
    ]);
  });

  it('takes over the phase of a step', () => {
    expect(step({ uses: 'p/do:it', phase: 'build' })?.phase).toBe('build');
  });

  it('notes the digest of a workflow that is called, and that nobody waits for it', () => {
    const calls = new Map([['other', 'sha256:1']]);
    expect(step({ uses: 'workflow://other' }, calls)).toMatchObject({ uses: { kind: 'workflow', id: 'other', digest: 'sha256:1' }, name: 'other' });
    expect(step({ uses: 'workflow://other', wait: false }, calls)?.detach).toBe(true);
    expect('detach' in (step({ uses: 'workflow://other', wait: true }, calls) ?? {})).toBe(false);
    expect(step({ uses: 'workflow://other' })?.uses).toEqual({ kind: 'workflow', id: 'other' });
  });

  it.each<[string, Step]>([
    ['Ship it?', { uses: 'builtin:approval', with: { title: 'Ship it?' } }],
    ['approval', { uses: 'builtin:approval', with: { title: 'Ship ${{ inputs.what }}?' } }],
    ['gate', { uses: 'builtin:gate', with: { title: 'x' } }],
    ['sleep', { uses: 'builtin:sleep', with: { for: '1s' } }],
    ['nap', { uses: 'builtin:sleep', id: 'nap' }],
    ['A nap', { uses: 'builtin:sleep', id: 'nap', name: 'A nap' }],
  ])('calls a step %s', (name, written) => {
    expect(step(written)?.name).toBe(name);
  });

  it('makes the scripts of hooks safe like any other', () => {
    const hooked = job({ hooks: { post: [{ run: 'echo ${{ inputs.name }}' }] } })?.steps[1];
    expect(hooked?.with['script']).not.toContain('${{');
    expect(Object.values(hooked?.env ?? {})).toEqual(['${{ inputs.name }}']);
  });
});

describe('checkScripts', () => {
  it('points at the place in a hook', () => {
    const bad = { run: 'eval ${{ inputs.name }}' };
    const workflow: Workflow = { id: 'w', jobs: { a: { steps: [{ uses: 'p/do:it' }, bad], hooks: { 'on-failure': [{ run: 'true' }, bad] } } } };
    expect(checkScripts(workflow).map((one) => [one.code, one.path])).toEqual([
      ['SCRIPT_EXPRESSION', ['jobs', 'a', 'steps', 1, 'run']],
      ['SCRIPT_EXPRESSION', ['jobs', 'a', 'hooks', 'on-failure', 1, 'run']],
    ]);
  });
});
