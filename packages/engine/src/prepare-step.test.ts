import type { PlannedTarget } from '@kb-labs/contracts';
import type { PluginHost } from '@kb-labs/ports';
import { afterEach, describe, expect, it } from 'vitest';

import { cancelRun } from './cancel-run.js';
import { type Harness, openHarness, systemClock } from './harness.fixture.js';
import { jobIn } from './watch-run.fixture.js';

const open: Harness[] = [];
afterEach(async () => {
  for (const harness of open.splice(0).toReversed()) await harness.close();
});

async function harnessOf(job: string, place: PluginHost['place']): Promise<Harness> {
  const harness = await openHarness({
    workflows: { 'w.yml': `id: w\ninputs: { node: { type: string, default: "22" } }\njobs:\n  a:\n${job}` },
    wrap: (deps) => ({ ...deps, plugins: { ...deps.plugins, place } }),
  });
  open.push(harness);
  return harness;
}

const CONTAINER = `    execution-target: { mode: container, image: "node:\${{ inputs.node }}" }
    steps: [{ id: one, uses: t/do:one }, { id: two, uses: t/do:two, if: always() }]`;
const image = { reference: 'node:22', digest: `sha256:${'a'.repeat(64)}` };

describe('the place of a step', () => {
  it('is found before it starts, recorded with it, and is where it runs', async () => {
    const asked: (PlannedTarget | undefined)[] = [];
    const harness = await harnessOf(CONTAINER, ({ target }) => {
      asked.push(target);
      return Promise.resolve({ ok: true, isolation: 'container', image });
    });
    await harness.worker();
    const view = await harness.end(await harness.start('w'));
    expect(view.status).toBe('success');
    expect(asked).toEqual([{ mode: 'container', image: 'node:22' }, { mode: 'container', image: 'node:22' }]);
    expect(jobIn(view, 'a').steps).toMatchObject([{ isolation: 'container', image }, { isolation: 'container', image }]);
    expect(harness.calls.map(({ placement }) => placement)).toEqual([{ ok: true, isolation: 'container', image }, { ok: true, isolation: 'container', image }]);
  });

  it('that cannot be had is the failure of the step, which has not run', async () => {
    const error = { code: 'TARGET_NOT_AVAILABLE', message: 'there is no podman' };
    const harness = await harnessOf(CONTAINER, () => Promise.resolve({ ok: false, error, retryable: false }));
    await harness.worker();
    const view = await harness.end(await harness.start('w'));
    expect(view.error?.code).toBe('TARGET_NOT_AVAILABLE');
    expect(jobIn(view, 'a').steps).toMatchObject([{ status: 'failed', error, isolation: null }, { status: 'failed', error }]);
    expect(harness.calls).toEqual([]);
  });

  it('is looked for again when that can help', async () => {
    let asked = 0;
    const harness = await harnessOf('    steps: [{ id: one, uses: t/do:one, retry: { max: 1, initial: 10ms } }]', () => {
      asked += 1;
      return Promise.resolve(asked === 1 ? { ok: false, error: { code: 'IMAGE_NOT_AVAILABLE', message: 'later' }, retryable: true } : { ok: true, isolation: 'container', image });
    });
    const runId = await harness.start('w');
    await harness.worker();
    const view = await harness.end(runId);
    expect(view.status).toBe('success');
    expect(jobIn(view, 'a').steps).toMatchObject([{ attempt: 2, image }]);
  });

  it('is not run at whose image comes out as something else', async () => {
    const harness = await harnessOf(CONTAINER, () => Promise.reject(new Error('nobody asks')));
    await harness.worker();
    const run = await harness.start('w', { node: '22 --privileged' });
    const view = await harness.end(run);
    expect(view.error).toMatchObject({ code: 'EXPRESSION_FAILED', message: expect.stringContaining('node:22 --privileged') as string });
  });

  it('is not waited for once the run is cancelled, nor is the step then run', async () => {
    const { promise: looking, resolve: looks } = Promise.withResolvers<void>();
    const harness = await harnessOf('    steps: [{ id: one, uses: t/do:one }]', ({ signal }) => {
      looks();
      return new Promise((found) => {
        signal().addEventListener('abort', () => found({ ok: false, error: { code: 'INTERRUPTED', message: 'stopped' }, retryable: true }));
      });
    });
    await harness.worker();
    const runId = await harness.start('w');
    await looking;
    await cancelRun(harness.deps, { runId, by: 'ada' });
    const view = await harness.end(runId);
    expect(view.status).toBe('cancelled');
    expect(jobIn(view, 'a').steps).toMatchObject([{ status: 'cancelled', isolation: null }]);
    expect(harness.calls).toEqual([]);
  });

  it('that is found all the same after a cancel is told of it', async () => {
    const { promise: looking, resolve: looks } = Promise.withResolvers<void>();
    const harness = await harnessOf('    steps: [{ id: one, uses: t/do:one }]', ({ signal }) => {
      looks();
      return new Promise((found) => signal().addEventListener('abort', () => found({ ok: true, isolation: 'subprocess' })));
    });
    harness.handlers.set('do:one', (call) => Promise.resolve(call.signal.aborted ? { status: 'aborted', outputs: {} } : { status: 'success', outputs: {} }));
    await harness.worker();
    const runId = await harness.start('w');
    await looking;
    await cancelRun(harness.deps, { runId, by: 'ada' });
    expect((await harness.end(runId)).status).toBe('cancelled');
  });

  it('is looked for no longer than the job may take', async () => {
    const harness = await harnessOf('    timeout: 50ms\n    steps: [{ id: one, uses: t/do:one }]', ({ signal }) => {
      return new Promise((found) => {
        signal().addEventListener('abort', () => found({ ok: false, error: { code: 'INTERRUPTED', message: 'stopped' }, retryable: true }));
      });
    });
    await harness.worker();
    expect((await harness.end(await harness.start('w'))).error?.code).toBe('JOB_TIMEOUT');
  });

  it('is told so also when it asks only after that time', async () => {
    const isOver: boolean[] = [];
    const harness = await harnessOf('    timeout: 50ms\n    steps: [{ id: one, uses: t/do:one }]', async ({ signal }) => {
      await new Promise<void>((later) => void systemClock.after(100, later));
      isOver.push(signal().aborted);
      return { ok: false, error: { code: 'INTERRUPTED', message: 'stopped' }, retryable: true };
    });
    const runId = await harness.start('w');
    await harness.worker();
    expect((await harness.end(runId)).error?.code).toBe('JOB_TIMEOUT');
    expect(isOver).toEqual([true]);
  });
});
