import type { StepCall } from '@kb-labs/ports';
import { afterEach, describe, expect, it } from 'vitest';

import { type Harness, openHarness, replacing, success, untilAborted } from './harness.fixture.js';
import { type ManualClock, manualClock } from './manual-clock.fixture.js';

const work = `
id: work
jobs:
  one: { steps: [{ id: a, uses: host/do:a }, { id: b, uses: host/do:b }] }
`;

let host: Harness;
afterEach(() => host.close());

const open = async (options: Partial<Parameters<typeof openHarness>[0]> = {}): Promise<Harness> => (host = await openHarness({ workflows: { 'work.yml': work }, ...options }));

/** Half a second at a time, with turns of the event loop for what follows. */
async function advance(clock: ManualClock, ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 500) {
    clock.advance(Math.min(left, 500));
    for (let turn = 0; turn < 10; turn += 1) await new Promise(setImmediate);
  }
}

describe('a worker that stops', () => {
  it('waits for the step that runs, and hands the rest back', async () => {
    await open();
    const { promise: mayEnd, resolve: end } = Promise.withResolvers<undefined>();
    const begun = Promise.withResolvers<StepCall>();
    host.handlers.set('do:a', async (call) => {
      begun.resolve(call);
      await mayEnd;
      return success();
    });
    const worker = await host.worker();
    const runId = await host.start('work');
    const call = await begun.promise;
    const stopped = worker.stop({ graceMs: 60_000 });
    expect(call.signal.aborted).toBe(false);
    end(undefined);
    await stopped;
    expect(host.calls.map((each) => each.step)).toEqual(['a']);
    expect(await host.deps.queue.counts()).toEqual({ held: 0, due: 1, later: 0 });
    await host.worker();
    expect((await host.end(runId)).status).toBe('success');
    expect(host.calls.map((each) => each.step)).toEqual(['a', 'b']);
  });

  it('stops a step that takes longer than it is given, and its job is there for others at once', async () => {
    await open();
    const { handler, begun } = untilAborted();
    host.handlers.set('do:a', handler);
    const worker = await host.worker();
    const runId = await host.start('work');
    const call = await begun;
    await worker.stop({ graceMs: 20 });
    expect(call.signal.aborted).toBe(true);
    expect([worker.held, await host.deps.queue.counts()]).toEqual([0, { held: 0, due: 1, later: 0 }]);
    host.handlers.set('do:a', () => success());
    await host.worker();
    const ended = await host.end(runId);
    expect(ended.status).toBe('success');
    expect(host.calls.map((each) => each.step)).toEqual(['a', 'a', 'b']);
    expect((await host.deps.log.read(runId, 0)).filter((event) => event.type === 'step.finished' && event.step === 'a')).toHaveLength(2);
  });

  it('does not hand on the job of a step that cannot be stopped', async () => {
    const clock = manualClock();
    await open({ clock });
    const begun = Promise.withResolvers<undefined>();
    const { promise: mayEnd, resolve: end } = Promise.withResolvers<undefined>();
    host.handlers.set('do:a', async () => {
      begun.resolve(undefined);
      await mayEnd;
      return success();
    });
    const worker = await host.worker();
    const runId = await host.start('work');
    await begun.promise;
    const stopped = worker.stop({ graceMs: 10 });
    await advance(clock, 10_000);
    await stopped;
    const cut = (await host.deps.log.read(runId, 0)).at(-1);
    expect(cut, 'and its worker is not taken for dead when its process ends').toMatchObject({ type: 'step.finished', step: 'a', status: 'interrupted', workerLived: true });
    const other = await host.worker();
    await advance(clock, 2_000);
    expect([other.held, await host.deps.queue.counts()]).toEqual([0, { held: 1, due: 0, later: 0 }]);
    end(undefined);
  });
});

describe('what a worker says of itself', () => {
  it('tells why it takes no jobs, and no more once it can', async () => {
    const clock = manualClock();
    let broken = false;
    await open({
      clock,
      wrap: (deps) => ({
        ...deps,
        queue: replacing(deps.queue, { take: (...given) => (broken ? Promise.reject(new Error('the disk is full')) : deps.queue.take(...given)) }),
      }),
    });
    const worker = await host.worker();
    expect(worker.problem).toBeUndefined();
    broken = true;
    await advance(clock, 1_000);
    expect(worker.problem).toContain('the disk is full');
    broken = false;
    await advance(clock, 1_000);
    expect(worker.problem).toBeUndefined();
    await worker.stop();
    expect(worker.problem).toBe('it is stopping');
  });

  it('tells when the store does not answer', async () => {
    const clock = manualClock();
    let stuck = true;
    const answer = Promise.withResolvers<[]>();
    await open({ clock, wrap: (deps) => ({ ...deps, queue: replacing(deps.queue, { take: (...given) => (stuck ? answer.promise : deps.queue.take(...given)) }) }) });
    const worker = await host.worker();
    await advance(clock, 1_000);
    expect(worker.problem).toBeUndefined();
    await advance(clock, 2_000);
    expect(worker.problem).toContain('not answered for');
    stuck = false;
    answer.resolve([]);
    await advance(clock, 1_000);
    expect(worker.problem).toBeUndefined();
  });
});

describe('a worker that leaves mending to others', () => {
  it.each([
    [true, 1],
    [false, 0],
  ])('reconciles: %s', async (reconciles, rounds) => {
    const clock = manualClock();
    let asked = 0;
    await open({
      clock,
      wrap: (deps) => ({
        ...deps,
        catalog: replacing(deps.catalog, {
          openRuns: (page) => {
            asked += 1;
            return deps.catalog.openRuns(page);
          },
        }),
      }),
    });
    await host.worker({ reconciles });
    await advance(clock, 60_000);
    expect(asked).toBe(rounds);
  });
});
