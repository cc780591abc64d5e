import type { RunId } from '@kb-labs/contracts';
import type { StepCall } from '@kb-labs/ports';
import { afterEach, describe, expect, it } from 'vitest';

import { cancelRun } from './cancel-run.js';
import { dieWhile } from './die-while.fixture.js';
import { failure, type Handler, type Harness, type HarnessOptions, openHarness, success, untilAborted } from './harness.fixture.js';
import { manualClock } from './manual-clock.fixture.js';
import { readRun } from './read-run.js';
import { jobIn, statuses, turns, viewOnce } from './watch-run.fixture.js';

const open: Harness[] = [];
afterEach(async () => {
  for (const harness of open.splice(0).toReversed()) await harness.close();
});

async function harnessOf(document: string, options: Partial<HarnessOptions> = {}): Promise<Harness> {
  const harness = await openHarness({ workflows: { 'w.yml': `id: w\n${document}` }, ...options });
  open.push(harness);
  return harness;
}

const RUN_GROUP = 'concurrency: g\njobs: { a: { steps: [{ id: s, uses: t/do:it }] } }';
const JOB_GROUP = 'jobs: { free: { steps: [{ uses: t/do:free }] }, a: { concurrency: g, steps: [{ id: s, uses: t/do:it }] } }';

/** Counts how many run at once, and in which order they came. */
class Meter {
  most = 0;
  readonly order: RunId[] = [];
  #now = 0;

  readonly handler: Handler = async (call) => {
    this.order.push(call.runId);
    this.#now += 1;
    this.most = Math.max(this.most, this.#now);
    for (let turn = 0; turn < 5; turn += 1) await new Promise(setImmediate);
    this.#now -= 1;
    return success();
  };
}

describe.each([
  ['runs', RUN_GROUP],
  ['jobs', JOB_GROUP],
])('a group of %s', (_, document) => {
  it('lets one at a time go on, in the order they came, with several workers on the same state', async () => {
    const harness = await harnessOf(document);
    const other = await harness.another();
    open.push(other);
    const meter = new Meter();
    for (const one of [harness, other]) one.handlers.set('do:it', meter.handler);
    const runs: RunId[] = [];
    for (let index = 0; index < 12; index += 1) runs.push(await (index % 3 === 0 ? other : harness).start('w'));
    await Promise.all([harness.worker(), harness.worker(), other.worker()]);
    for (const runId of runs) expect((await harness.end(runId)).status).toBe('success');
    expect(meter.most).toBe(1);
    expect(meter.order).toEqual(runs);
  });

  it.each<[string, (harness: Harness, first: RunId) => Promise<void>]>([
    ['fails', (harness) => Promise.resolve(void harness.handlers.set('do:it', (call) => (call.step === 's' ? failure() : success())))],
    [
      'is cancelled',
      async (harness, first) => {
        const steps = untilAborted();
        harness.handlers.set('do:it', (call) => (call.runId === first ? steps.handler(call) : success()));
        void steps.begun.then(() => cancelRun(harness.deps, { runId: first, by: 'ada' }));
      },
    ],
    ['is cancelled before it begins', async (harness, first) => void (await cancelRun(harness.deps, { runId: first, by: 'ada' }))],
  ])('goes on to the next when one %s', async (_how, prepare) => {
    const harness = await harnessOf(document);
    const first = await harness.start('w');
    const second = await harness.start('w');
    await prepare(harness, first);
    await harness.worker();
    expect((await harness.end(first)).status).not.toBe('success');
    await harness.end(second);
    expect(await harness.deps.claims.of(second)).toEqual([]);
  });

  it('says who holds it and how many are in line', async () => {
    const harness = await harnessOf(document);
    const [first, second, third] = [await harness.start('w'), await harness.start('w'), await harness.start('w')];
    const steps = untilAborted();
    harness.handlers.set('do:it', steps.handler);
    await harness.worker();
    await steps.begun;
    const isJob = document === JOB_GROUP;
    const reasonOf = async (runId: RunId) => {
      const view = await readRun(harness.deps, runId);
      return isJob ? jobIn(view, 'a').reason : view.reason;
    };
    const holder = isJob ? `a of ${first}` : first;
    expect(await reasonOf(first)).toBeUndefined();
    expect(await reasonOf(second)).toMatchObject({ rule: 'concurrency', message: `it waits for the group g, held by ${holder}`, values: { group: 'g', holder: first } });
    expect(await reasonOf(third)).toMatchObject({ message: `it waits for the group g, held by ${holder}, and 1 more before it` });
    for (const runId of [third, second, first]) await cancelRun(harness.deps, { runId, by: 'ada' });
  });

  it('stays with a job whose worker died until another has ended it', async () => {
    const harness = await harnessOf(document);
    const other = await harness.another();
    open.push(other);
    const [first, second] = [await harness.start('w'), await harness.start('w')];
    const steps = untilAborted();
    harness.handlers.set('do:it', steps.handler);
    await harness.worker({ leaseMs: 60_000 });
    await steps.begun;
    const held = (await harness.deps.queue.ticketsOf(first)).find((ticket) => ticket.job === 'a');
    if (held?.lease === undefined) throw new Error('nobody holds it');
    await harness.deps.queue.leave(held.lease.worker);
    expect((await other.deps.claims.of(second)).map((claim) => claim.aheadCount)).toEqual([1]);
    other.handlers.set('do:it', () => success());
    await other.worker();
    expect((await other.end(second)).status).toBe('success');
    expect((await other.end(first)).status).toBe('success');
    expect(other.calls.flatMap((call) => (call.step === 's' ? [call.runId] : []))).toEqual([first, second]);
    (await steps.begun).signal.dispatchEvent(new Event('abort'));
  });

  it('is left by a run that is quarantined', async () => {
    const harness = await harnessOf(document);
    const [first, second] = [await harness.start('w'), await harness.start('w')];
    for (let times = 0; times < 3; times += 1) {
      const steps = untilAborted();
      await dieWhile(await harness.another(), { handler: steps.handler, begun: steps.begun });
    }
    await harness.worker();
    expect((await harness.end(first)).status).toBe('quarantined');
    expect((await harness.end(second)).status).toBe('success');
  });
});

describe('a group', () => {
  it('lets two jobs of one run go on one after the other, and combinations too', async () => {
    const harness = await harnessOf(
      `jobs:
  a: { concurrency: g, steps: [{ uses: t/do:it }] }
  b: { concurrency: { group: "\${{ format('{0}', 'g') }}" }, steps: [{ uses: t/do:it }] }
  c: { concurrency: g, strategy: { matrix: { n: [1, 2, 3] } }, steps: [{ uses: t/do:it }] }`,
    );
    const meter = new Meter();
    harness.handlers.set('do:it', meter.handler);
    await harness.worker();
    expect((await harness.end(await harness.start('w'))).status).toBe('success');
    expect([meter.most, meter.order.length]).toEqual([1, 5]);
  });

  it('is kept by a job that waits, without a worker', async () => {
    const clock = manualClock();
    const harness = await harnessOf(`jobs: { a: { concurrency: g, steps: [{ uses: "builtin:sleep", with: { for: 1h } }, { uses: t/do:it }] } }`, { clock });
    const worker = await harness.worker();
    const [first, second] = [await harness.start('w'), await harness.start('w')];
    await turns(async () => (await readRun(harness.deps, first)).status === 'waiting' && worker.held === 0);
    expect(jobIn(await readRun(harness.deps, second), 'a')).toMatchObject({ status: 'queued', reason: { rule: 'concurrency' } });
    for (const runId of [first, second]) {
      await turns(async () => (await readRun(harness.deps, runId)).status === 'waiting');
      clock.advance(3_600_000);
      await turns(async () => (await readRun(harness.deps, runId)).status === 'success');
    }
  });

  it('is kept over the attempts of a job', async () => {
    const harness = await harnessOf('jobs: { a: { concurrency: g, retry: { max: 1, initial: 20ms, jitter: false }, steps: [{ uses: t/do:it }] } }');
    const [first, second] = [await harness.start('w'), await harness.start('w')];
    harness.handlers.set('do:it', (call) => (call.attempt === 1 ? failure() : success()));
    await harness.worker();
    await harness.end(first);
    await harness.end(second);
    expect(harness.calls.map((call) => call.runId)).toEqual([first, first, second, second]);
  });

  it.each([
    ['run', 'concurrency: "${{ fromJSON(inputs.name) }}"\njobs: { a: { steps: [{ uses: t/do:it }] } }', 'EXPRESSION_FAILED'],
    ['run, when it is empty', 'concurrency: "${{ inputs.name && inputs.nothing }}"\njobs: { a: { steps: [{ uses: t/do:it }] } }', 'EXPRESSION_FAILED'],
    ['job', 'jobs: { a: { concurrency: "${{ fromJSON(inputs.name) }}", steps: [{ uses: t/do:it }] } }', 'EXPRESSION_FAILED'],
  ])('whose name cannot be told fails its %s, saying so', async (_, document, code) => {
    const harness = await harnessOf(`inputs: { name: { type: string, default: x }, nothing: { type: string, default: "" } }\n${document}`);
    await harness.worker();
    const view = await harness.end(await harness.start('w'));
    expect(view).toMatchObject({ status: 'failed', error: { code } });
    expect(harness.calls).toEqual([]);
  });

  it('is not kept from others by the jobs of a run that waits in line itself', async () => {
    const harness = await harnessOf(
      `concurrency: line
jobs:
  a: { concurrency: g, steps: [{ uses: t/do:it }] }
  b: { needs: a, concurrency: g, steps: [{ uses: t/do:it }] }`,
    );
    const meter = new Meter();
    harness.handlers.set('do:it', meter.handler);
    const runs = [await harness.start('w'), await harness.start('w'), await harness.start('w')];
    await Promise.all([harness.worker(), harness.worker()]);
    for (const runId of runs) expect((await harness.end(runId)).status).toBe('success');
    expect([meter.most, meter.order]).toEqual([1, runs.flatMap((runId) => [runId, runId])]);
  });

  it('is not shared by a run and its own job: the job fails instead of waiting for ever', async () => {
    const harness = await harnessOf('concurrency: g\njobs: { a: { concurrency: g, steps: [{ uses: t/do:it }] }, b: { if: "${{ always() }}", needs: a, steps: [{ uses: t/do:it }] } }');
    await harness.worker();
    const view = await harness.end(await harness.start('w'));
    expect(view).toMatchObject({ status: 'failed', error: { code: 'CONCURRENCY_DEADLOCK' } });
    expect(statuses(view)).toEqual({ a: 'failed', b: 'success' });
  });
});

describe('a called workflow', () => {
  const caller = (concurrency: string): string => `id: w\njobs: { a: { ${concurrency} steps: [{ id: c, uses: "workflow://child" }] } }`;

  it.each([
    ['as a whole', 'id: child\nconcurrency: g\njobs: { k: { steps: [{ uses: t/do:it }] } }', 'CONCURRENCY_DEADLOCK'],
    ['with one of its jobs', 'id: child\njobs: { k: { concurrency: g, steps: [{ uses: t/do:it }] } }', 'CHILD_FAILED'],
  ])('does not wait %s for a group that its caller holds', async (_, child, code) => {
    for (const workflow of [caller('concurrency: g,'), `concurrency: g\n${caller('')}`]) {
      const harness = await openHarness({ workflows: { 'w.yml': workflow, 'child.yml': child } });
      open.push(harness);
      await harness.worker();
      const view = await harness.end(await harness.start('w'));
      expect(view).toMatchObject({ status: 'failed', error: { code } });
      expect(view.error?.message).toContain(code === 'CHILD_FAILED' ? 'the group "g" is held by' : '"g"');
    }
  });

  it('waits for a group that another run holds', async () => {
    const harness = await openHarness({ workflows: { 'w.yml': caller(''), 'child.yml': 'id: child\nconcurrency: g\njobs: { k: { steps: [{ id: s, uses: t/do:it }] } }' } });
    open.push(harness);
    const holder = await harness.start('child');
    const steps = untilAborted();
    harness.handlers.set('do:it', (call) => (call.runId === holder ? steps.handler(call) : success()));
    await harness.worker();
    await steps.begun;
    const runId = await harness.start('w');
    await viewOnce(harness, runId, (view) => view.status === 'waiting');
    await cancelRun(harness.deps, { runId: holder, by: 'ada' });
    expect((await harness.end(runId)).status).toBe('success');
  });
});

describe('processes that end without a word', () => {
  it('leave no place in a group behind', async () => {
    const harness = await harnessOf(RUN_GROUP);
    const started: RunId[] = [];
    for (let crash = 0; crash < 30; crash += 1) {
      const dying = await harness.another();
      started.push(await dying.start('w'));
      const { promise: begun, resolve } = Promise.withResolvers<StepCall>();
      const stuck = untilAborted();
      // What an earlier one has left in the middle is ended; the process dies in what comes next.
      await dieWhile(dying, {
        begun,
        handler: (call) => {
          if (call.stepAttempt > 1 && crash % 3 > 0) return success();
          resolve(call);
          return stuck.handler(call);
        },
      });
    }
    await harness.worker();
    for (const runId of started) await harness.end(runId);
    for (const runId of started) expect(await harness.deps.claims.of(runId)).toEqual([]);
    const last = await harness.start('w');
    expect((await harness.end(last)).status).toBe('success');
  });
});
