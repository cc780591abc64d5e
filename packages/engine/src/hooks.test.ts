import { LIMITS } from '@kb-labs/contracts';
import { afterEach, describe, expect, it } from 'vitest';

import { cancelRun } from './cancel-run.js';
import { failure, type Harness, type HarnessOptions, openHarness, success, untilAborted } from './harness.fixture.js';
import { manualClock } from './manual-clock.fixture.js';
import { readRun } from './read-run.js';
import { jobIn, turns } from './watch-run.fixture.js';

const open: Harness[] = [];
afterEach(async () => {
  for (const harness of open.splice(0).toReversed()) await harness.close();
});

const HOOKS = `
    hooks:
      pre: [{ id: pre, uses: t/do:pre }]
      on-success: [{ id: ok, uses: t/do:ok }]
      on-failure: [{ id: bad, uses: t/do:bad }, { id: bad2, uses: t/do:bad2 }]
      post: [{ id: post, uses: t/do:post }, { id: post2, uses: t/do:post2 }]
    steps: [{ id: one, uses: t/do:one }, { id: two, uses: t/do:two }]`;

async function harnessOf(job: string, options: Partial<HarnessOptions> = {}): Promise<Harness> {
  const harness = await openHarness({ workflows: { 'w.yml': `id: w\njobs:\n  a:${job}` }, ...options });
  open.push(harness);
  return harness;
}

describe('hooks', () => {
  it.each<[string, string[], string[], string]>([
    ['everything succeeds', [], ['pre', 'one', 'two', 'ok', 'post', 'post2'], 'success'],
    ['a step fails', ['one'], ['pre', 'one', 'bad', 'bad2', 'post', 'post2'], 'failed'],
    ['pre fails', ['pre'], ['pre', 'bad', 'bad2', 'post', 'post2'], 'failed'],
    ['on-success fails', ['ok'], ['pre', 'one', 'two', 'ok', 'post', 'post2'], 'failed'],
    ['on-failure fails', ['one', 'bad'], ['pre', 'one', 'bad', 'post', 'post2'], 'failed'],
    ['post fails', ['post'], ['pre', 'one', 'two', 'ok', 'post', 'post2'], 'failed'],
  ])('run in their order when %s', async (_, fails, ran, status) => {
    const harness = await harnessOf(HOOKS);
    for (const id of fails) harness.handlers.set(`do:${id}`, () => failure(`BAD_${id.toUpperCase()}`));
    await harness.worker();
    const view = await harness.end(await harness.start('w'));
    expect(harness.calls.map((call) => call.step)).toEqual(ran);
    expect(jobIn(view, 'a').status).toBe(status);
    expect(view.error?.code).toBe(fails[0] === undefined ? undefined : `BAD_${fails[0].toUpperCase()}`);
    for (const step of jobIn(view, 'a').steps) if (!ran.includes(step.id)) expect(['hook', 'earlier-step']).toContain(step.reason?.rule);
  });

  it('only run post, once the job was cancelled', async () => {
    const harness = await harnessOf(HOOKS);
    const steps = untilAborted();
    harness.handlers.set('do:one', steps.handler);
    await harness.worker();
    const runId = await harness.start('w');
    await steps.begun;
    await cancelRun(harness.deps, { runId, by: 'ada' });
    const view = await harness.end(runId);
    expect(harness.calls.map((call) => call.step)).toEqual(['pre', 'one', 'post', 'post2']);
    expect(view.status).toBe('cancelled');
  });

  it('run on-failure and post when the time of the job is up, and get a time of their own', async () => {
    const clock = manualClock();
    const harness = await harnessOf(`\n    timeout: 1m${HOOKS}`, { clock });
    const [one, post] = [untilAborted(), untilAborted()];
    harness.handlers.set('do:one', one.handler);
    harness.handlers.set('do:post', post.handler);
    await harness.worker();
    const runId = await harness.start('w');
    await one.begun;
    clock.advance(60_000);
    await post.begun;
    clock.advance(LIMITS.hookGraceMs);
    await turns(async () => (await readRun(harness.deps, runId)).status === 'failed');
    const view = await readRun(harness.deps, runId);
    expect(view.error?.code).toBe('JOB_TIMEOUT');
    expect(harness.calls.map((call) => call.step)).toEqual(['pre', 'one', 'bad', 'bad2', 'post']);
    expect(jobIn(view, 'a').steps.map((step) => [step.id, step.status, step.reason?.rule])).toEqual([
      ['pre', 'success', undefined],
      ['one', 'failed', undefined],
      ['two', 'skipped', 'timeout'],
      ['ok', 'skipped', 'hook'],
      ['bad', 'success', undefined],
      ['bad2', 'success', undefined],
      ['post', 'failed', undefined],
      ['post2', 'skipped', 'timeout'],
    ]);
  });

  it('hand their outputs to the steps after them, and to the job', async () => {
    const harness = await harnessOf(`
    outputs: { all: "\${{ steps.pre.outputs.v }}-\${{ steps.one.outputs.v }}-\${{ steps.post.outputs.v }}" }
    hooks: { pre: [{ id: pre, uses: t/do:pre }], post: [{ id: post, uses: t/do:post, with: { v: "\${{ steps.pre.outputs.v }}\${{ steps.one.outputs.v }}" } }] }
    steps: [{ id: one, uses: t/do:one, with: { v: "\${{ steps.pre.outputs.v }}" } }]`);
    harness.handlers.set('do:pre', () => success({ v: 'a' }));
    harness.handlers.set('do:one', (call) => success({ v: `${String(call.input['v'])}b` }));
    harness.handlers.set('do:post', (call) => success({ v: `${String(call.input['v'])}c` }));
    await harness.worker();
    expect((await harness.end(await harness.start('w'))).jobs[0]?.outputs).toEqual({ all: 'a-ab-aabc' });
  });

  it('run again with every attempt of their job', async () => {
    let tries = 0;
    const harness = await harnessOf(`\n    retry: { max: 1, initial: 1ms, jitter: false }${HOOKS}`);
    harness.handlers.set('do:two', () => (++tries === 1 ? failure() : success()));
    await harness.worker();
    expect((await harness.end(await harness.start('w'))).status).toBe('success');
    expect(harness.calls.map((call) => call.step)).toEqual(['pre', 'one', 'two', 'bad', 'bad2', 'post', 'post2', 'pre', 'one', 'two', 'ok', 'post', 'post2']);
  });
});
