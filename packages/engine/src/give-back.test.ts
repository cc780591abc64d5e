import type { RunEvent, RunEventBody, RunId } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';
import { afterEach, describe, expect, it } from 'vitest';

import type { EngineDeps } from './deps.js';
import { type Harness, openHarness, replacing, success, untilAborted } from './harness.fixture.js';
import { createWorker } from './worker.js';

const workflows = {
  'w.yml': 'id: w\njobs: { a: { steps: [{ id: one, uses: t/do:one }, { id: two, uses: t/do:two }] } }',
  'once.yml': 'id: once\njobs: { a: { steps: [{ id: one, uses: t/do:one, on-interrupt: fail }] } }',
};
/** More often than a step may end its worker. */
const OFTEN = 5;

let host: Harness;
afterEach(() => host.close());

const away = (): Error => new AppError('STATE_UNAVAILABLE', { problem: 'the test says so' });
const endsOf = (step: string) => (events: readonly RunEventBody[]): boolean => events.some((event) => event.type === 'step.finished' && event.step === step && event.status === 'success');

/** Appends that are meant fail as often as `times` says: before they are made, or after. */
function failing(isMeant: (events: readonly RunEventBody[]) => boolean, options: { times: number; made?: boolean; thrown?: () => Error }): (deps: EngineDeps) => EngineDeps {
  const { made = false, thrown = away } = options;
  let left = options.times;
  return (deps) => ({
    ...deps,
    clock: hasty(deps),
    log: replacing(deps.log, {
      append: async (command) => {
        if (left === 0 || !isMeant(command.events)) return deps.log.append(command);
        left -= 1;
        if (made) await deps.log.append(command);
        throw thrown();
      },
    }),
  });
}

/** Timers fire at once, so that nobody waits for pauses. Leases last all the same: their time is asked for. */
function hasty({ clock }: EngineDeps): EngineDeps['clock'] {
  return { now: () => clock.now(), after: (ms, callback, options) => clock.after(Math.min(ms, 20), callback, options) };
}

async function interruptions(runId: RunId): Promise<(RunEvent & { type: 'step.finished' })[]> {
  const events = await host.deps.log.read(runId, 0);
  return events.filter((event) => event.type === 'step.finished').filter((event) => event.status === 'interrupted');
}

describe('a step whose outcome cannot be stored because the state is away', () => {
  it.each([1, 2])('is tried again as often as that happens, and its run ends as it would have, with %i workers', async (workers) => {
    host = await openHarness({ workflows, wrap: failing(endsOf('one'), { times: OFTEN }) });
    for (let n = 0; n < workers; n += 1) await host.worker();
    const runId = await host.start('w');
    expect((await host.end(runId)).status).toBe('success');
    expect(host.calls.map((call) => call.step)).toEqual([...Array.from({ length: OFTEN + 1 }, () => 'one'), 'two']);
    expect((await interruptions(runId)).map((event) => event.workerLived)).toEqual(Array.from({ length: OFTEN }, () => true));
  });

  it('is not tried again when it was stored after all', async () => {
    host = await openHarness({ workflows, wrap: failing(endsOf('one'), { times: OFTEN, made: true }) });
    await host.worker();
    const runId = await host.start('w');
    expect((await host.end(runId)).status).toBe('success');
    expect(host.calls.map((call) => call.step)).toEqual(['one', 'two']);
    // Its outcome came with the start of the next one, which had not begun.
    expect((await interruptions(runId)).map((event) => [event.step, event.workerLived])).toEqual([['two', true]]);
  });

  it('fails where the document says that it must not be tried again', async () => {
    host = await openHarness({ workflows, wrap: failing(endsOf('one'), { times: 1 }) });
    await host.worker();
    const run = await host.end(await host.start('once'));
    expect(run).toMatchObject({ status: 'failed', error: { code: 'STEP_INTERRUPTED' } });
    expect(host.calls).toHaveLength(1);
  });

  it('is held until it can be given back, however long that takes', async () => {
    let isAway = true;
    let refused = 0;
    const wrap = (deps: EngineDeps): EngineDeps => ({
      ...failing(endsOf('one'), { times: 1 })(deps),
      queue: replacing(deps.queue, {
        release: async (leases) => {
          if (!isAway) return deps.queue.release(leases);
          refused += 1;
          throw away();
        },
      }),
    });
    host = await openHarness({ workflows, wrap });
    const worker = await host.worker();
    const runId = await host.start('w');
    while (refused < OFTEN) await new Promise(setImmediate);
    expect([worker.held, await host.deps.queue.counts()]).toEqual([1, { held: 1, due: 0, later: 0 }]);
    isAway = false;
    expect((await host.end(runId)).status).toBe('success');
    expect(await interruptions(runId)).toHaveLength(1);
  });

  it('keeps nobody from stopping the worker', async () => {
    const wrap = (deps: EngineDeps): EngineDeps => ({ ...failing(endsOf('one'), { times: 1 })(deps), queue: replacing(deps.queue, { release: () => Promise.reject(away()) }) });
    host = await openHarness({ workflows, wrap });
    const worker = await host.worker();
    await host.start('w');
    while ((await host.store.catalog.openRuns({ limit: 1 })).length > 0 && host.calls.length === 0) await new Promise(setImmediate);
    await worker.stop();
    expect(worker.held).toBe(0);
  });
});

describe('a step after which the engine cannot go on', () => {
  it('counts as one that ends its worker: its run does not go on for ever', async () => {
    host = await openHarness({ workflows, wrap: failing(endsOf('one'), { times: Number.POSITIVE_INFINITY, thrown: () => new Error('a mistake in the engine') }) });
    await host.worker();
    const runId = await host.start('w');
    expect(await host.end(runId)).toMatchObject({ status: 'quarantined', error: { code: 'RUN_QUARANTINED' } });
    expect(host.calls).toHaveLength(3);
    expect((await interruptions(runId)).map((event) => event.workerLived)).toEqual([undefined, undefined]);
    expect(await host.deps.queue.ticketsOf(runId)).toEqual([]);
  });
});

describe('a step that is cut off because its worker has to stop', () => {
  const cut = async (workflowId: string, times: number): Promise<RunId> => {
    host = await openHarness({ workflows });
    const runId = await host.start(workflowId);
    for (let n = 0; n < times; n += 1) {
      const { handler, begun } = untilAborted();
      host.handlers.set('do:one', handler);
      const worker = await host.worker();
      await begun;
      await worker.stop({ graceMs: 1 });
    }
    host.handlers.set('do:one', (call) => success({ stepAttempt: call.stepAttempt }));
    return runId;
  };

  it('is tried again as often as that happens', async () => {
    const runId = await cut('w', OFTEN);
    await host.worker();
    const run = await host.end(runId);
    expect(run.status).toBe('success');
    expect(run.jobs[0]?.steps[0]?.outputs).toEqual({ stepAttempt: OFTEN + 1 });
    expect(await interruptions(runId)).toHaveLength(OFTEN);
  });

  it('fails at once where the document says that it must not be tried again', async () => {
    const runId = await cut('once', 1);
    await host.worker();
    expect(await host.end(runId)).toMatchObject({ status: 'failed', error: { code: 'STEP_INTERRUPTED' } });
    expect(host.calls).toHaveLength(1);
  });

  it('is looked for once more before it is tried again: it may not have stopped', async () => {
    const ended: string[] = [];
    const runId = await cut('w', 1);
    const { plugins } = host.deps;
    const looking: EngineDeps = { ...host.deps, plugins: replacing(plugins, { endStray: (key) => Promise.resolve(ended.push(key)) }) };
    const worker = createWorker(looking, { concurrency: 1 });
    await worker.start();
    await host.end(runId);
    await worker.stop();
    expect(ended).toEqual([`${runId}.a.1.one`]);
  });

  it('has its outcome before its worker is gone', async () => {
    const runId = await cut('w', 1);
    expect(await interruptions(runId)).toEqual([expect.objectContaining({ step: 'one', stepAttempt: 1, workerLived: true })]);
  });
});

describe('a worker that is handed anew what it had', () => {
  it('has not died, however often its lease ran out', async () => {
    host = await openHarness({ workflows, wrap: (deps) => ({ ...deps, queue: replacing(deps.queue, { renew: (leases) => Promise.resolve([...leases]) }) }) });
    let tries = 0;
    const hang = untilAborted().handler;
    host.handlers.set('do:one', (call) => ((tries += 1) <= OFTEN ? hang(call) : success()));
    const runId = await host.start('w');
    await host.worker({ leaseMs: 40 });
    const run = await host.end(runId);
    expect(run.status).toBe('success');
    const lost = await interruptions(runId);
    expect(lost.length).toBeGreaterThanOrEqual(OFTEN);
    expect(new Set(lost.map((event) => event.workerLived))).toEqual(new Set([true]));
  });

  it('is taken for dead by another one that is handed it', async () => {
    host = await openHarness({ workflows, wrap: (deps) => ({ ...deps, queue: replacing(deps.queue, { renew: (leases) => Promise.resolve([...leases]) }) }) });
    const first = untilAborted();
    host.handlers.set('do:one', first.handler);
    const runId = await host.start('w');
    const stalled = await host.worker({ leaseMs: 40, concurrency: 1 });
    await first.begun;
    const other = await host.another();
    try {
      await other.worker();
      await other.end(runId);
      expect((await interruptions(runId)).map((event) => event.workerLived)).toEqual([undefined]);
    } finally {
      await other.close();
      await stalled.stop({ graceMs: 1 });
    }
  });
});
