import type { ExplainedNode, RunId } from '@kb-labs/contracts';
import { afterEach, describe, expect, it } from 'vitest';

import { cancelRun } from './cancel-run.js';
import { explainRun } from './explain-run.js';
import { failure, type Harness, type HarnessOptions, openHarness, untilAborted } from './harness.fixture.js';
import { manualClock } from './manual-clock.fixture.js';
import { readRun } from './read-run.js';
import { stepIn, turns, viewOnce } from './watch-run.fixture.js';

const open: Harness[] = [];
afterEach(async () => {
  for (const harness of open.splice(0).toReversed()) await harness.close();
});

async function harnessOf(document: string, options: Partial<HarnessOptions> = {}): Promise<Harness> {
  const harness = await openHarness({ workflows: { 'w.yml': `id: w\n${document}`, 'child.yml': 'id: child\njobs: { k: { steps: [{ id: nap, uses: "builtin:sleep", with: { for: 1h } }] } }' }, ...options });
  open.push(harness);
  return harness;
}

async function nodeOf(harness: Harness, runId: RunId, job: string, step?: string): Promise<ExplainedNode> {
  const node = (await explainRun(harness.deps, runId)).nodes.find((one) => one.job === job && one.step === step);
  if (node === undefined) throw new Error(`nothing is said about ${job}/${String(step)}`);
  return node;
}

describe('an explanation', () => {
  it('says that nobody works on a run, or that all are busy', async () => {
    const harness = await harnessOf('jobs: { a: { steps: [{ id: s, uses: t/do:it }] } }');
    const [first, second] = [await harness.start('w'), await harness.start('w')];
    expect((await nodeOf(harness, first, 'a')).missing).toEqual({ kind: 'worker', message: 'no worker serves this run' });
    const steps = untilAborted();
    harness.handlers.set('do:it', steps.handler);
    await harness.worker({ concurrency: 1 });
    await steps.begun;
    expect((await explainRun(harness.deps, first)).nodes).toEqual([]);
    expect((await nodeOf(harness, second, 'a')).missing).toEqual({ kind: 'worker', message: 'all workers are busy' });
    await cancelRun(harness.deps, { runId: second, by: 'ada' });
    await cancelRun(harness.deps, { runId: first, by: 'ada' });
  });

  it('names the jobs that have to end first', async () => {
    const harness = await harnessOf('jobs: { a: { steps: [{ uses: t/do:it }] }, b: { steps: [{ uses: t/do:it }] }, c: { needs: [a, b], steps: [{ uses: t/do:it }] } }');
    const runId = await harness.start('w');
    expect((await nodeOf(harness, runId, 'c')).missing).toEqual({ kind: 'jobs', message: 'it needs a (queued), b (queued) to end', jobs: ['a', 'b'] });
  });

  it('names the group, who holds it, and how many stand before', async () => {
    const harness = await harnessOf('jobs: { a: { concurrency: g, steps: [{ uses: t/do:it }] }, b: { steps: [{ uses: "builtin:sleep", with: { for: 1h } }] } }');
    const steps = untilAborted();
    harness.handlers.set('do:it', steps.handler);
    const runs = [await harness.start('w'), await harness.start('w'), await harness.start('w')] as const;
    await harness.worker();
    await steps.begun;
    expect((await nodeOf(harness, runs[2], 'a')).missing).toEqual({
      kind: 'lock',
      message: `the group "g" is held by the job a of the run ${runs[0]}, and 1 more is in line before it`,
      group: 'g',
      heldBy: { runId: runs[0], job: 'a' },
      ahead: 2,
    });
    for (const runId of runs.toReversed()) await cancelRun(harness.deps, { runId, by: 'ada' });
  });

  it('has the group for every job of a run that waits as a whole', async () => {
    const harness = await harnessOf('concurrency: g\njobs: { a: { steps: [{ uses: t/do:it }] }, b: { steps: [{ uses: t/do:it }] } }');
    const [first, second] = [await harness.start('w'), await harness.start('w')];
    for (const job of ['a', 'b']) expect((await nodeOf(harness, second, job)).missing).toMatchObject({ kind: 'lock', heldBy: { runId: first, job: null }, ahead: 1 });
  });

  it('says when a step or a job is tried again, and why', async () => {
    const clock = manualClock();
    const harness = await harnessOf(
      `jobs:
  a: { steps: [{ id: s, uses: t/do:it, retry: { max: 2, initial: 20s, jitter: false } }] }
  b: { retry: { max: 1, initial: 40s, jitter: false }, steps: [{ id: s, uses: t/do:it }] }`,
      { clock },
    );
    harness.handlers.set('do:it', () => failure('RATE_LIMIT'));
    await harness.worker();
    const runId = await harness.start('w');
    await turns(async () => (await readRun(harness.deps, runId)).status === 'waiting');
    const dueAt = (ms: number): string => new Date(clock.now() + ms).toISOString();
    expect(await nodeOf(harness, runId, 'a', 's')).toMatchObject({
      status: 'waiting',
      attempt: 2,
      reason: { rule: 'retry', message: 'try 2 follows RATE_LIMIT', dueAt: dueAt(20_000) },
      error: { code: 'RATE_LIMIT' },
      missing: { kind: 'time', dueAt: dueAt(20_000) },
    });
    expect(await nodeOf(harness, runId, 'b')).toMatchObject({ status: 'waiting', attempt: 2, reason: { rule: 'retry' }, missing: { kind: 'time', dueAt: dueAt(40_000) } });
  });

  it('says whose approval, which signal, what time and which run is waited for', async () => {
    const harness = await harnessOf(
      `jobs:
  ask: { steps: [{ id: s, uses: "builtin:approval", with: { title: Go, approvers: [ada, bob], expires: 1h } }] }
  hear: { steps: [{ id: s, uses: "builtin:wait", with: { signal: go } }] }
  called: { steps: [{ id: s, uses: "builtin:wait", with: { callback: true } }] }
  nap: { steps: [{ id: s, uses: "builtin:sleep", with: { for: 1h } }] }
  call: { steps: [{ id: s, uses: "workflow://child" }] }`,
    );
    await harness.worker();
    const runId = await harness.start('w');
    const view = await viewOnce(harness, runId, (now) => now.status === 'waiting');
    const missing = async (job: string) => (await nodeOf(harness, runId, job, 's')).missing;
    expect(await missing('ask')).toMatchObject({ kind: 'approval', message: 'ada or bob has to approve or reject "Go"', approvers: ['ada', 'bob'], expiresAt: expect.any(String) as string });
    expect(await missing('hear')).toMatchObject({ kind: 'signal', name: 'go', expiresAt: null });
    expect(await missing('called')).toMatchObject({ kind: 'signal', name: null });
    expect(await missing('nap')).toMatchObject({ kind: 'time' });
    expect(await missing('call')).toMatchObject({ kind: 'child', runId: stepIn(view, 'call', 's').childRunId });
    await cancelRun(harness.deps, { runId, by: 'ada' });
    await harness.end(runId);
  });

  it('gives the values that decided what was skipped', async () => {
    const harness = await harnessOf(
      `inputs: { level: { type: string, default: fast } }
jobs:
  a: { steps: [{ id: s, uses: t/do:it }, { id: t, uses: t/do:it }] }
  b: { needs: a, steps: [{ uses: t/do:it }] }
  c: { if: "\${{ inputs.level == 'full' }}", steps: [{ uses: t/do:it }] }`,
    );
    harness.handlers.set('do:it', () => failure());
    await harness.worker();
    const runId = await harness.start('w');
    await harness.end(runId);
    expect((await nodeOf(harness, runId, 'a')).error?.code).toBe('STEP_FAILED');
    expect((await nodeOf(harness, runId, 'a', 't')).reason).toMatchObject({ rule: 'earlier-step', values: { 'steps.s.conclusion': 'failed' } });
    expect((await nodeOf(harness, runId, 'b')).reason).toMatchObject({ rule: 'needs', values: { 'needs.a.result': 'failed' } });
    expect((await nodeOf(harness, runId, 'c')).reason).toMatchObject({ rule: 'condition', values: { 'inputs.level': 'fast' } });
    expect((await explainRun(harness.deps, runId)).nodes.every((node) => node.missing === undefined)).toBe(true);
  });

  it('tells the combinations that have no slot from those that have one, and which one failed fast', async () => {
    const harness = await harnessOf('jobs: { a: { strategy: { max-parallel: 2, matrix: { n: [1, 2, 3] } }, steps: [{ id: s, uses: t/do:it, with: { n: "${{ matrix.n }}" } }] } }');
    const { promise, resolve } = Promise.withResolvers<void>();
    harness.handlers.set('do:it', async (call) => {
      if (call.input['n'] !== 1) await new Promise<void>((done) => call.signal.addEventListener('abort', () => done()));
      else await promise;
      return call.signal.aborted ? { status: 'aborted', outputs: {} } : failure();
    });
    await harness.worker();
    const runId = await harness.start('w');
    await turns(() => harness.calls.length === 2);
    expect((await nodeOf(harness, runId, 'a.3')).missing).toEqual({ kind: 'slot', message: '"max-parallel" lets 2 combinations run at once' });
    resolve();
    await harness.end(runId);
    for (const key of ['a.2', 'a.3']) expect((await nodeOf(harness, runId, key)).reason).toMatchObject({ rule: 'fail-fast', message: 'a.1 failed', values: { 'a.1.status': 'failed' } });
  });

  it('is refused for a run that is not there', async () => {
    const harness = await harnessOf('jobs: { a: { steps: [{ uses: t/do:it }] } }');
    await expect(explainRun(harness.deps, 'run_1')).rejects.toMatchObject({ code: 'RUN_NOT_FOUND' });
  });
});
