import { isTerminalRun, toWorkerId, type RunEventBody, type RunId, type RunState } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';
import type { Append, EventLog } from '@kb-labs/ports';
import { foldRun } from '@kb-labs/projector';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';

import type { EngineDeps } from './deps.js';
import { failure, type Harness, openHarness, replacing, success } from './harness.fixture.js';
import { manualClock } from './manual-clock.fixture.js';
import type { RunDraft } from './run-draft.js';
import { RunStates } from './run-states.js';
import { turns } from './watch-run.fixture.js';

const open: Harness[] = [];
afterEach(async () => {
  for (const harness of open.splice(0).toReversed()) await harness.close();
});

const EIGHT = Array.from({ length: 8 }, (_, index) => `j${index}`);
const DOCUMENT = `id: w\njobs: { ${EIGHT.map((key) => `${key}: { steps: [{ id: a, uses: t/do:it }, { id: b, uses: t/do:it }] }`).join(', ')} }`;

/** What a worker writes for a job, append by append. What is no decision depends on nothing that others do. */
function writesOf(job: string): { decision: boolean; events: RunEventBody[] }[] {
  const step = (id: string) => ({ job, attempt: 1, step: id, stepAttempt: 1 });
  const started = (id: string): RunEventBody => ({ ...step(id), type: 'step.started', isolation: 'in-process' });
  const finished = (id: string): RunEventBody => ({ ...step(id), type: 'step.finished', status: 'success', outputs: { of: job }, artifacts: [] });
  return [
    { decision: true, events: [{ type: 'job.started', job, attempt: 1, turn: 0, worker: toWorkerId('1'), token: 1 }, started('a')] },
    { decision: false, events: [finished('a'), started('b')] },
    { decision: false, events: [finished('b')] },
    { decision: true, events: [{ type: 'job.finished', job, attempt: 1, status: 'success', outputs: {} }] },
  ];
}

const fresh = async (log: EventLog, runId: RunId): Promise<RunState> => foldRun(runId, await log.read(runId, 0));

describe('the states a process keeps', () => {
  it('are those of the journal, whatever others write between a decision and its append', async () => {
    const harness = await openHarness({ workflows: { 'w.yml': DOCUMENT } });
    open.push(harness);
    const { log } = harness.deps;
    let between = 0;
    const ops = fc.array(fc.record({ job: fc.constantFrom(...EIGHT), late: fc.boolean(), by: fc.constantFrom(0, 1), own: fc.boolean(), looks: fc.boolean() }), { minLength: 8, maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(ops, async (order) => {
        const runId = await harness.start('w');
        const late: { job: string; events: RunEventBody[] }[] = [];
        const record = async (job: string, events: RunEventBody[]): Promise<void> => {
          const at = Date.now();
          const result = await log.append({ runId, at, events });
          if (!result.ok) throw new Error(result.refused);
          const before = result.seq - events.length;
          processOf(job)?.note(runId, events.map((event, index) => ({ ...event, seq: before + 1 + index, at })));
        };
        const flush = async (): Promise<void> => {
          for (const { job, events } of late.splice(0)) await record(job, events);
        };
        const append = async (command: Append) => {
          between += late.length;
          await flush();
          return log.append(command);
        };
        const processes = [0, 1].map(() => new RunStates({ ...harness.deps, log: replacing(log, { append }) }));
        const processOf = (job: string): RunStates | undefined => processes[EIGHT.indexOf(job) % 2];
        const left = new Map(EIGHT.map((job) => [job, writesOf(job)]));
        for (const { job, late: isLate, by, own, looks } of order) {
          const write = left.get(job)?.shift();
          if (write === undefined) continue;
          if (!write.decision) {
            if (isLate || late.some((one) => one.job === job)) late.push({ job, events: write.events });
            else await record(job, write.events);
            continue;
          }
          if (late.some((one) => one.job === job)) await flush();
          const make = (draft: RunDraft): void => write.events.forEach((event) => draft.add(event));
          const decided = await (own ? processOf(job)?.decideOwn(runId, make) : processes[by]?.decide(runId, make));
          if (decided?.ok !== true) throw new Error('the decision was refused');
          const { jobs } = await fresh(log, runId);
          expect(decided.state.jobs.get(job)).toEqual(jobs.get(job));
          if (!looks) continue;
          for (const states of processes) expect(await states.read(runId, (state) => structuredClone(state))).toEqual(await fresh(log, runId));
        }
      }),
      { numRuns: 40 },
    );
    expect(between).toBeGreaterThan(40);
  });

  it('are those of the journal while eight jobs run at once', async () => {
    let over = false;
    const harness = await openHarness({ workflows: { 'w.yml': DOCUMENT.replaceAll('uses: t/do:it }', 'uses: t/do:it, retry: { max: 2, initial: 0s } }') } });
    open.push(harness);
    let tries = 0;
    harness.handlers.set('do:it', async () => {
      for (let turn = 0; turn < tries % 4; turn += 1) await new Promise(setImmediate);
      tries += 1;
      return tries % 3 === 0 ? failure() : success();
    });
    const states = new RunStates(harness.deps);
    const runId = await harness.start('w');
    await harness.worker({ concurrency: 8 });
    let looks = 0;
    void harness.end(runId).then(() => {
      over = true;
    });
    while (!over) {
      await new Promise(setImmediate);
      const state = await states.read(runId, (current) => structuredClone(current));
      const events = await harness.deps.log.read(runId, 0);
      expect(state).toEqual(foldRun(runId, events.slice(0, state.seq)));
      looks += 1;
    }
    expect(looks).toBeGreaterThan(3);
  });
});

it('are all that a job needs that nobody else decides about: its journal is read once', async () => {
  const counts: Counts = { reads: 0, readEvents: 0, appends: 0 };
  const harness = await openHarness({ workflows: { 'w.yml': `id: w\njobs: { a: { steps: [${'{ uses: t/do:it },'.repeat(3)}] } }` }, clock: manualClock(), wrap: counting(counts) });
  const other = await harness.another();
  open.push(harness, other);
  const runId = await harness.start('w');
  await harness.worker();
  await turns(async () => (await other.deps.catalog.getRun(runId))?.status === 'success');
  expect(counts).toMatchObject({ reads: 1, appends: 4 });
});

it('are read again once somebody else has decided', async () => {
  const harness = await openHarness({ workflows: { 'w.yml': DOCUMENT } });
  open.push(harness);
  const runId = await harness.start('w');
  const states = new RunStates(harness.deps);
  await states.read(runId, () => undefined);
  const start = (draft: RunDraft, job: string): void => draft.add({ type: 'job.started', job, attempt: 1, turn: 0, worker: toWorkerId('1'), token: 1 });
  await new RunStates(harness.deps).decide(runId, (draft) => start(draft, 'j1'));
  const seen: boolean[] = [];
  const decided = await states.decideOwn(runId, (draft) => {
    seen.push(draft.state.jobs.get('j1')?.startedAt !== undefined);
    start(draft, 'j0');
  });
  expect([decided.ok, seen]).toEqual([true, [false, true]]);
});

describe('decisions that come up at the same time', () => {
  const start = (draft: RunDraft, job: string): void => draft.add({ type: 'job.started', job, attempt: 1, turn: 0, worker: toWorkerId('1'), token: 1 });

  async function held() {
    const counts: Counts = { reads: 0, readEvents: 0, appends: 0 };
    const harness = await openHarness({ workflows: { 'w.yml': DOCUMENT }, wrap: counting(counts) });
    open.push(harness);
    const runId = await harness.start('w');
    const worker = toWorkerId('1');
    await harness.deps.queue.join({ id: worker });
    const leases = await harness.deps.queue.take(worker, { limit: 8, leaseMs: 60_000 });
    const states = new RunStates(harness.deps);
    const startAll = () => Promise.all(leases.map(({ id, token, job }) => states.decideOwn(runId, (draft) => start(draft, job), { ticket: id, token })));
    Object.assign(counts, { reads: 0, appends: 0 });
    return { harness, counts, runId, leases, states, startAll };
  }

  it('are one look at the journal and one append', async () => {
    const { harness, counts, runId, states, startAll } = await held();
    await Promise.all(EIGHT.map((job) => states.read(runId, (state) => expect(state.jobs.get(job)?.status).toBe('queued'))));
    expect(counts).toMatchObject({ reads: 1, appends: 0 });
    expect((await startAll()).map(({ ok }) => ok)).toEqual(EIGHT.map(() => true));
    expect(counts).toMatchObject({ reads: 1, appends: 1 });
    expect([...(await fresh(harness.deps.log, runId)).jobs.values()].map(({ status }) => status)).toEqual(EIGHT.map(() => 'running'));
  });

  it('are made anew together when somebody else was first', async () => {
    const { harness, counts, runId, states, startAll } = await held();
    await states.read(runId, () => undefined);
    await new RunStates(harness.deps).decide(runId, (draft) => draft.add({ type: 'run.called_back', payload: null, by: 'somebody' }));
    Object.assign(counts, { reads: 0, appends: 0 });
    expect((await startAll()).map(({ ok }) => ok)).toEqual(EIGHT.map(() => true));
    expect(counts).toMatchObject({ reads: 1, appends: 2 });
  });

  it('are each by itself when the lease of one is not valid any more: the others go on', async () => {
    const { harness, runId, leases, startAll } = await held();
    await harness.deps.queue.release(leases.slice(3, 4));
    const expected = EIGHT.map((_, index) => (index === 3 ? { ok: false, refused: 'fenced' } : { ok: true }));
    expect(await startAll()).toMatchObject(expected);
    expect((await fresh(harness.deps.log, runId)).jobs.get('j3')?.status).toBe('queued');
  });

  it('are each by itself when one of them cannot be made: the others go on', async () => {
    const { harness, runId, leases, states } = await held();
    const made = await Promise.allSettled(
      leases.map(({ job }, index) =>
        states.decideOwn(runId, (draft) => {
          start(draft, job);
          if (index === 3) throw new Error('not this one');
        }),
      ),
    );
    expect(made.map(({ status }) => status)).toEqual(EIGHT.map((_, index) => (index === 3 ? 'rejected' : 'fulfilled')));
    const { jobs } = await fresh(harness.deps.log, runId);
    expect(EIGHT.filter((job) => jobs.get(job)?.status !== 'running')).toEqual(['j3']);
  });

  it('fail all of them when nobody knows whether they are in the journal', async () => {
    const { harness, runId, leases } = await held();
    let appends = 0;
    const append: EventLog['append'] = () => {
      appends += 1;
      return Promise.reject(new AppError('STATE_UNAVAILABLE', { problem: 'gone' }));
    };
    const states = new RunStates({ ...harness.deps, log: replacing(harness.deps.log, { append }) });
    const made = await Promise.allSettled(leases.map(({ job }) => states.decideOwn(runId, (draft) => start(draft, job))));
    expect([made.map(({ status }) => status), appends]).toEqual([EIGHT.map(() => 'rejected'), 1]);
  });

  it('end with the one that ends the run: the next one is made on its end', async () => {
    const { runId, leases, states } = await held();
    const ends: number[] = [];
    const end = (draft: RunDraft): void => {
      for (const { job } of leases) draft.add({ type: 'job.finished', job, attempt: 1, status: 'cancelled', outputs: {} });
      draft.add({ type: 'run.finished', status: 'cancelled', outputs: {} });
    };
    const made = await Promise.all([
      states.decide(runId, (draft) => leases.forEach(({ job }) => start(draft, job))),
      states.decide(runId, end),
      states.decide(runId, (draft) => {
        if (isTerminalRun(draft.state.status)) ends.push(draft.events.length);
      }),
    ]);
    expect(made).toMatchObject([{ ok: true }, { ok: true }, { ok: true }]);
    expect(ends).toEqual([0]);
  });
});

/** What goes over the log. */
interface Counts {
  reads: number;
  readEvents: number;
  appends: number;
}

function counting(counts: Counts) {
  return (deps: EngineDeps): EngineDeps => ({
    ...deps,
    log: replacing(deps.log, {
      async read(...args) {
        const events = await deps.log.read(...args);
        counts.reads += 1;
        counts.readEvents += events.length;
        return events;
      },
      append(command) {
        counts.appends += 1;
        return deps.log.append(command);
      },
    }),
  });
}

async function costOf(combinations: number, strategy: string): Promise<{ reads: number; readEvents: number; appends: number }> {
  const counts: Counts = { reads: 0, readEvents: 0, appends: 0 };
  const harness = await openHarness({
    workflows: { 'w.yml': `id: w\ninputs: { list: { type: json } }\njobs: { a: { strategy: { ${strategy} matrix: { n: "\${{ inputs.list }}" } }, steps: [{ uses: t/do:it }, { uses: t/do:it }] } }` },
    limits: { matrixCombinations: 10_000 },
    wrap: counting(counts),
  });
  const other = await harness.another();
  open.push(harness, other);
  // Steps that take a while: what they record stands between the decisions of others.
  harness.handlers.set('do:it', async (call) => {
    for (let turn = Number(call.job.slice(2)) % 5; turn > 0; turn -= 1) await new Promise(setImmediate);
    return success();
  });
  const runId = await harness.start('w', { list: Array.from({ length: combinations }, (_, index) => index) });
  Object.assign(counts, { reads: 0, readEvents: 0 });
  await harness.worker({ concurrency: 8 });
  await turns(async () => (await other.deps.catalog.getRun(runId))?.finishedAt !== null);
  return { reads: counts.reads / combinations, readEvents: counts.readEvents / combinations, appends: counts.appends / combinations };
}

describe('a job of a large matrix', () => {
  it.each(['', 'max-parallel: 8,'])('costs the journal the same however many there are: %s', async (strategy) => {
    const [small, large] = [await costOf(100, strategy), await costOf(1_000, strategy)];
    for (const cost of [small, large]) {
      expect(cost.appends).toBeLessThanOrEqual(3);
      expect(cost.reads).toBeLessThanOrEqual(1);
      expect(cost.readEvents).toBeLessThanOrEqual(12);
    }
    expect(large.readEvents).toBeLessThanOrEqual(small.readEvents + 2);
  });
});
