import type { RunId } from '@kb-labs/contracts';
import type { Clock, Placement, TakeOptions } from '@kb-labs/ports';
import { afterEach, describe, expect, it } from 'vitest';

import { cancelRun } from './cancel-run.js';
import type { EngineDeps } from './deps.js';
import { type Harness, openHarness, replacing, success, systemClock, untilAborted } from './harness.fixture.js';
import { jobIn, turns, viewOnce } from './watch-run.fixture.js';
import type { Worker, WorkerOptions } from './worker.js';

const workflows = {
  'w.yml': 'id: w\njobs: { a: { steps: [{ id: one, uses: t/do:one, with: { n: 1 } }, { id: two, uses: t/do:two }] } }',
  'unless.yml': 'id: unless\njobs: { a: { steps: [{ id: one, if: "false", uses: t/do:one }, { id: two, uses: t/do:two }] } }',
  'ask.yml': 'id: ask\njobs: { a: { steps: [{ id: ok, uses: "builtin:approval", with: { title: Go on? } }] } }',
  'wrong.yml': 'id: wrong\njobs: { a: { steps: [{ id: one, uses: t/do:one, with: { n: "${{ fromJSON(inputs.text) }}" } }] } }\ninputs: { text: { type: string, default: "{" } }',
  'timed.yml': 'id: timed\ntimeout: 1h\njobs: { a: { steps: [{ id: one, uses: t/do:one }] } }',
  'queued.yml': 'id: queued\nconcurrency: { group: g }\njobs: { a: { steps: [{ id: one, uses: t/do:one }] } }',
};

const open: Harness[] = [];
afterEach(async () => {
  for (const harness of open.splice(0).toReversed()) await harness.close();
});

interface Counted {
  readonly harness: Harness;
  /** Writes to journals. */
  readonly writes: string[];
  readonly reads: () => number;
  /** Whether the worker stands by from now on. It does not while it asks for tickets: at first, and when it is told of what it may have missed. */
  readonly standsBy: () => boolean;
  /** Starts a worker, and waits until it does. */
  readonly worker: (options?: Partial<WorkerOptions>) => Promise<Worker>;
}

/** A first step is to be prepared within 50 ms: to be late is the case of one test, not of a slow machine. */
const patient: Clock = { now: systemClock.now, after: (ms, ...rest) => systemClock.after(ms === 50 ? 10_000 : ms, ...rest) };

async function openCounting(change: (deps: EngineDeps) => Partial<EngineDeps> = () => ({}), clock = patient): Promise<Counted> {
  const writes: string[] = [];
  let reads = 0;
  let isTold = false;
  let places: (() => TakeOptions | undefined) | undefined;
  const harness = await openHarness({
    workflows,
    clock,
    wrap: (deps) => {
      const { log, queue } = deps;
      const counting: EngineDeps['log'] = replacing(log, {
        create: (command, begin) => {
          writes.push(begin === undefined ? 'create' : 'create and begin');
          return log.create(command, begin);
        },
        append: (command) => {
          writes.push(command.events.map((event) => event.type).join(' '));
          return log.append(command);
        },
        read: (...range) => ((reads += 1), log.read(...range)),
      });
      const watched: EngineDeps['queue'] = replacing(queue, {
        standBy: (id, ask, handed) => ((places = ask), queue.standBy?.(id, ask, handed) ?? (() => undefined)),
        onReady: (tell) => queue.onReady((only) => (tell(only), (isTold = true))),
      });
      const observed = { ...deps, log: counting, queue: watched };
      return { ...observed, ...change(observed) };
    },
  });
  open.push(harness);
  const standsBy = (): boolean => isTold && places?.() !== undefined;
  const worker: Counted['worker'] = async (options) => {
    const started = await harness.worker(options);
    await turns(standsBy);
    return started;
  };
  return { harness, writes, reads: () => reads, standsBy, worker };
}

const journalOf = async ({ store }: Harness, runId: RunId): Promise<string[]> => (await store.log.read(runId, 0)).map((event) => event.type);

describe('a run that a worker of the same process has a place for', () => {
  it('is begun in the write that creates it, and its journal is not read', async () => {
    const { harness, writes, reads, worker } = await openCounting();
    await worker();
    const one = untilAborted();
    harness.handlers.set('do:one', one.handler);
    const runId = await harness.start('w');
    expect([writes, reads(), await journalOf(harness, runId)]).toEqual([['create and begin'], 0, ['run.started', 'job.started', 'step.started']]);
    expect(await one.begun).toMatchObject({ runId, step: 'one', input: { n: 1 }, placement: { ok: true } });
    await cancelRun(harness.deps, { runId, by: 'ada' });
    expect((await harness.end(runId)).status).toBe('cancelled');
  });

  it('goes on as any other', async () => {
    const { harness, writes, worker } = await openCounting();
    await worker();
    const runId = await harness.start('w');
    expect((await harness.end(runId)).status).toBe('success');
    expect(writes.slice(0, 3)).toEqual(['create and begin', 'step.finished step.started', 'step.finished job.finished run.finished']);
    expect(harness.calls.map(({ step }) => step)).toEqual(['one', 'two']);
  });

  it('is prepared also while that worker asks for more: the write says whether there is a place', async () => {
    const asked = Promise.withResolvers<void>();
    const { harness, standsBy } = await openCounting(({ log, queue }) => ({
      queue: replacing(queue, { nextDue: (worker) => asked.promise.then(() => queue.nextDue(worker)) }),
      log: replacing(log, {
        create: async (command, begin) => {
          asked.resolve();
          await turns(standsBy);
          return log.create(command, begin);
        },
      }),
    }));
    await harness.worker();
    harness.handlers.set('do:one', untilAborted().handler);
    const runId = await harness.start('w');
    expect(await journalOf(harness, runId)).toEqual(['run.started', 'job.started', 'step.started']);
    await cancelRun(harness.deps, { runId, by: 'ada' });
    await harness.end(runId);
  });

  it('has the ticket for the end of its time', async () => {
    const { harness, worker } = await openCounting();
    await worker();
    harness.handlers.set('do:one', untilAborted().handler);
    const runId = await harness.start('timed');
    const tickets = await harness.deps.queue.ticketsOf(runId);
    expect(tickets.map(({ job, lease }) => [job, lease?.alive])).toEqual([['a', true], [expect.not.stringMatching(/^a$/), undefined]]);
    await cancelRun(harness.deps, { runId, by: 'ada' });
    await harness.end(runId);
  });

  it.each([
    ['unless', 'success'],
    ['ask', 'waiting'],
    ['wrong', 'failed'],
    ['queued', 'success'],
  ])('is created and nothing else when there is more to decide: %s', async (workflow, end) => {
    const { harness, writes, worker } = await openCounting();
    await worker();
    const runId = await harness.start(workflow);
    expect(writes[0]).toBe('create');
    await viewOnce(harness, runId, ({ status }) => status === end);
  });
});

describe('a run whose first step cannot be prepared', () => {
  it('in time is created all the same, and its place looked for anew', async () => {
    let asked = 0;
    const never = (signal: AbortSignal): Promise<Placement> => new Promise((resolve) => signal.addEventListener('abort', () => resolve({ ok: false, error: { code: 'INTERRUPTED', message: 'stopped' }, retryable: true })));
    const { harness, worker } = await openCounting((deps) => ({
      plugins: { ...deps.plugins, place: (step) => ((asked += 1), asked === 1 ? never(step.signal()) : deps.plugins.place(step)) },
    }), systemClock);
    await worker();
    const view = await harness.end(await harness.start('w'));
    expect([view.status, asked, jobIn(view, 'a').steps.map(({ attempt }) => attempt)]).toEqual(['success', 3, [1, 1]]);
  });

  it.each([
    ['at once', (): never => { throw new Error('no place'); }],
    ['later', (): Promise<never> => Promise.reject(new Error('no place'))],
  ])('is created all the same when looking for a place fails %s', async (_when, fails) => {
    let asked = 0;
    const { harness, worker, writes } = await openCounting((deps) => ({
      plugins: { ...deps.plugins, place: (step) => ((asked += 1), asked === 1 ? fails() : deps.plugins.place(step)) },
    }));
    await worker();
    const view = await harness.end(await harness.start('w'));
    expect([view.status, writes[0]]).toEqual(['success', 'create']);
  });
});

describe('runs that are started at once', () => {
  it('are prepared as far as there are places, and none is begun beyond them', async () => {
    let prepared = 0;
    const { harness, writes, worker } = await openCounting((deps) => ({
      plugins: {
        ...deps.plugins,
        place: (step) => {
          // Once they are created, those that nobody has prepared look for a place as well.
          if (writes.length === 0) prepared += 1;
          return deps.plugins.place(step);
        },
      },
    }));
    await worker({ concurrency: 2 });
    const ends: (() => void)[] = [];
    harness.handlers.set('do:one', () => new Promise((resolve) => ends.push(() => resolve(success()))));
    const runs = await Promise.all(Array.from({ length: 5 }, () => harness.start('w')));
    expect([prepared, writes.toSorted()]).toEqual([2, ['create', 'create', 'create', 'create and begin', 'create and begin']]);
    await turns(() => ends.length === 2);
    harness.handlers.delete('do:one');
    for (const end of ends) end();
    for (const runId of runs) expect((await harness.end(runId)).status).toBe('success');
  });

  it('are all only created when nobody serves them', async () => {
    const { harness, writes } = await openCounting();
    const worker = await harness.worker();
    await worker.stop();
    const runId = await harness.start('w');
    expect([writes, await journalOf(harness, runId)]).toEqual([['create'], ['run.started']]);
  });
});

it('a run that its creation is refused for leaves nothing behind', async () => {
  const { harness } = await openCounting((deps) => ({ log: replacing(deps.log, { create: () => Promise.reject(new Error('the disk is gone')) }) }));
  const worker = await harness.worker({ concurrency: 1 });
  for (let n = 0; n < 3; n += 1) await expect(harness.start('w')).rejects.toThrow('the disk is gone');
  expect([worker.held, harness.calls]).toEqual([0, []]);
});

it('a worker that stops waits for a run that is being created, and for the step that was begun with it', async () => {
  const answered = Promise.withResolvers<void>();
  const { harness } = await openCounting(({ log }) => ({
    // As a store that is asked over a network: the run is there, and its process has not heard of it.
    log: replacing(log, {
      create: async (command, begin) => {
        const told: (() => void)[] = [];
        const result = await log.create(command, begin === undefined ? undefined : { ...begin, begun: (lease) => void told.push(() => begin.begun(lease)) });
        await answered.promise;
        for (const tell of told) tell();
        return result;
      },
    }),
  }));
  const worker = await harness.worker();
  const starting = harness.start('w');
  await turns(async () => (await harness.deps.catalog.openRuns({ limit: 1 })).length > 0);
  let stopped = false;
  const stopping = worker.stop().then(() => (stopped = true));
  for (let turn = 0; turn < 10; turn += 1) await new Promise(setImmediate);
  expect(stopped).toBe(false);
  answered.resolve();
  const runId = await starting;
  await stopping;
  expect([harness.calls.map(({ step }) => step), (await harness.deps.queue.ticketsOf(runId)).map(({ lease }) => lease)]).toEqual([['one'], [undefined]]);
});
