import type { RunId } from '@kb-labs/contracts';
import { afterEach, describe, expect, it } from 'vitest';

import type { EngineDeps } from './deps.js';
import { type Harness, type HarnessOptions, manual, openHarness, replacing, success, untilAborted } from './harness.fixture.js';
import { readRun } from './read-run.js';
import { reconcile } from './reconcile.js';
import { startRun } from './start-run.js';
import { jobIn, statuses, turns } from './watch-run.fixture.js';

const open: Harness[] = [];
afterEach(async () => {
  for (const harness of open.splice(0).toReversed()) await harness.close();
});

async function harnessOf(document: string, options: Partial<HarnessOptions> = {}): Promise<Harness> {
  const harness = await openHarness({ workflows: { 'w.yml': `id: w\n${document}` }, ...options });
  open.push(harness);
  return harness;
}

const STEPS = 'steps: [{ id: s, uses: t/do:it }, { id: clean, if: "${{ always() }}", uses: t/do:clean }]';

/** The first run is in its step, and stays there until it is aborted. */
async function withOneRunning(harness: Harness): Promise<RunId> {
  const first = await harness.start('w');
  const steps = untilAborted();
  harness.handlers.set('do:it', (call) => (call.runId === first ? steps.handler(call) : success()));
  await harness.worker();
  await steps.begun;
  return first;
}

describe('cancel-in-progress', () => {
  it('stops the run that holds the group and those that wait for it, for the one that came last', async () => {
    const harness = await harnessOf(`concurrency: { group: g, cancel-in-progress: true }\njobs: { a: { ${STEPS} } }`);
    const first = await withOneRunning(harness);
    const second = await harness.start('w');
    const third = await harness.start('w');
    expect((await harness.end(first)).status).toBe('cancelled');
    expect((await harness.end(second)).jobs[0]?.status).not.toBe('running');
    const view = await harness.end(third);
    expect(view.status).toBe('success');
    const cancelled = await readRun(harness.deps, first);
    expect(jobIn(cancelled, 'a').steps[0]?.status).toBe('cancelled');
    expect(harness.calls.filter((call) => call.runId === first).map((call) => call.step)).toEqual(['s', 'clean']);
    expect(await harness.deps.claims.of(third)).toEqual([]);
  });

  it('stops a job alone when the group is of jobs, and says for whom', async () => {
    const harness = await harnessOf(
      `jobs:
  a: { concurrency: { group: g, cancel-in-progress: true }, ${STEPS} }
  b: { needs: a, if: "\${{ always() }}", steps: [{ uses: t/do:other }] }`,
    );
    const first = await withOneRunning(harness);
    const second = await harness.start('w');
    const view = await harness.end(first);
    expect(statuses(view)).toEqual({ a: 'cancelled', b: 'success' });
    expect(jobIn(view, 'a').reason).toMatchObject({ rule: 'concurrency', message: `it made way for a of ${second} in the group g` });
    expect((await harness.end(second)).status).toBe('success');
  });

  it('leaves of the combinations of a matrix that share a group only the last', async () => {
    const harness = await harnessOf(`jobs: { a: { concurrency: { group: g, cancel-in-progress: true }, strategy: { matrix: { n: [1, 2, 3] } }, steps: [{ uses: t/do:it }] } }`);
    await harness.worker();
    const view = await harness.end(await harness.start('w'));
    expect(statuses(view)).toEqual({ a: 'cancelled', 'a.1': 'cancelled', 'a.2': 'cancelled', 'a.3': 'success' });
  });
});

describe('queue: latest', () => {
  it('keeps the run that is in progress and the last one that waits', async () => {
    const harness = await harnessOf(`concurrency: { group: g, queue: latest }\njobs: { a: { ${STEPS} } }`);
    const first = await harness.start('w');
    const steps = untilAborted();
    const { promise, resolve } = Promise.withResolvers<void>();
    harness.handlers.set('do:it', async (call) => {
      if (call.runId === first) {
        void steps.handler(call);
        await promise;
      }
      return success();
    });
    await harness.worker();
    await steps.begun;
    const waiting = [await harness.start('w'), await harness.start('w'), await harness.start('w')];
    expect((await Promise.all(waiting.map((runId) => readRun(harness.deps, runId)))).map((view) => view.status)).toEqual(['cancelled', 'cancelled', 'queued']);
    resolve();
    expect((await harness.end(first)).status).toBe('success');
    expect((await harness.end(waiting[2] as RunId)).status).toBe('success');
    expect(new Set(harness.calls.map((call) => call.runId))).toEqual(new Set([first, waiting[2]]));
  });
});

describe('a process that ends before it has made way', () => {
  it.each([
    ['runs', `concurrency: { group: g, cancel-in-progress: true }\njobs: { a: { ${STEPS} } }`],
    ['jobs', `jobs: { a: { concurrency: { group: g, cancel-in-progress: true }, ${STEPS} } }`],
  ])('leaves it to the reconciler, as often as that looks: %s', async (_, document) => {
    let dead = false;
    const dying = (deps: EngineDeps): EngineDeps => ({
      ...deps,
      claims: replacing(deps.claims, { of: (runId) => (dead ? Promise.reject(new Error('the process is gone')) : deps.claims.of(runId)) }),
    });
    const harness = await harnessOf(document, { wrap: dying });
    const other = await harness.another();
    open.push(other);
    const first = await withOneRunning(harness);
    dead = true;
    await expect(harness.start('w')).rejects.toThrow('the process is gone');
    dead = false;
    const [second] = (await other.deps.catalog.openRuns({ limit: 10 })).filter((runId) => runId !== first);
    if (second === undefined) throw new Error('it was not created');
    expect((await readRun(other.deps, first)).status).toBe('running');
    await reconcile(other.deps);
    const asked = async (): Promise<number> => (await other.deps.log.read(first, 0)).filter((event) => event.type.endsWith('cancel_requested')).length;
    expect(await asked()).toBe(1);
    await reconcile(other.deps);
    expect(await asked()).toBe(1);
    expect((await harness.end(first)).status).toBe('cancelled');
    expect((await harness.end(second)).status).toBe('success');
  });
});

describe('what is ready', () => {
  it('is taken by priority, and in the order it became ready where that is equal', async () => {
    const harness = await harnessOf(
      `jobs:
  low: { priority: low, steps: [{ uses: t/do:it }] }
  one: { steps: [{ uses: t/do:it }] }
  high: { priority: high, strategy: { matrix: { n: [1, 2] } }, steps: [{ uses: t/do:it }] }
  two: { priority: normal, steps: [{ uses: t/do:it }] }`,
    );
    const runId = await harness.start('w');
    await harness.worker({ concurrency: 1 });
    await harness.end(runId);
    expect(harness.calls.map((call) => call.job)).toEqual(['high.1', 'high.2', 'one', 'two', 'low']);
  });

  it('runs only as much at once as the installation and each tenant may', async () => {
    const harness = await harnessOf(`jobs: { a: { strategy: { matrix: { n: [1, 2, 3, 4] } }, steps: [{ uses: t/do:it }] } }`, {
      limits: { runningJobs: 3, runningJobsPerTenant: 2 },
    });
    const other = await harness.another();
    open.push(other);
    const running = new Map<string, () => void>();
    const tenants = new Map<string, string>();
    let most = 0;
    let mostOfOne = 0;
    harness.handlers.set('do:it', (call) =>
      new Promise((resolve) => {
        const key = `${call.runId}.${call.job}`;
        running.set(key, () => resolve(success()));
        most = Math.max(most, running.size);
        const ofTenant = [...running.keys()].filter((one) => tenants.get(one.split('.')[0] ?? '') === tenants.get(call.runId)).length;
        mostOfOne = Math.max(mostOfOne, ofTenant);
      }),
    );
    const runs: RunId[] = [];
    for (const tenant of ['ada', 'bob']) {
      const { run } = await startRun(harness.deps, { workflowId: 'w', input: {}, trigger: manual, tenant });
      tenants.set(run.id, tenant);
      runs.push(run.id as RunId);
    }
    await Promise.all([harness.worker({ concurrency: 8 }), harness.worker({ concurrency: 8 })]);
    const left = new Map(runs.map((runId) => [runId, 4]));
    for (let ended = 0; ended < 8; ended += 1) {
      const room = Math.min(3, [...left.values()].reduce((sum, jobs) => sum + Math.min(2, jobs), 0));
      await turns(() => running.size === room);
      const [key, finish] = [...running].at(ended % running.size) ?? [];
      const runId = key?.split('.')[0] as RunId;
      left.set(runId, (left.get(runId) ?? 0) - 1);
      running.delete(key ?? '');
      finish?.();
    }
    for (const runId of runs) expect((await harness.end(runId)).status).toBe('success');
    expect([most, mostOfOne]).toEqual([3, 2]);
  });
});
