import type { RunEvent, RunId } from '@kb-labs/contracts';
import { afterEach, describe, expect, it } from 'vitest';

import type { EngineDeps } from './deps.js';
import { failure, type Harness, openHarness, replacing, success, untilAborted } from './harness.fixture.js';
import { readLogs } from './read-logs.js';
import { readRun } from './read-run.js';
import { reconcile } from './reconcile.js';

const workflows = {
  'w.yml': `
id: w
jobs:
  a:
    steps:
      - { id: first, uses: t/do:first }
      - { id: middle, uses: t/do:middle }
      - { id: last, uses: t/do:last }
`,
  'once.yml': `
id: once
jobs:
  a: { steps: [{ id: middle, uses: t/do:middle, on-interrupt: fail }] }
`,
};

const open: Harness[] = [];
afterEach(async () => {
  for (const harness of open.splice(0).toReversed()) await harness.close();
});

async function engines(wrap?: (deps: EngineDeps) => EngineDeps): Promise<[Harness, Harness]> {
  const one = await openHarness({ workflows, ...(wrap === undefined ? {} : { wrap }) });
  const other = await one.another();
  open.push(one, other);
  return [one, other];
}

/** A worker that has stopped for a while, as SIGSTOP would: it renews nothing and takes nothing new, and does not know it. */
function asleep(deps: EngineDeps): EngineDeps {
  let taken = false;
  return {
    ...deps,
    queue: replacing(deps.queue, {
      renew: (leases) => Promise.resolve([...leases]),
      take: (...args) => {
        if (taken) return Promise.resolve([]);
        taken = true;
        return deps.queue.take(...args);
      },
    }),
  };
}

/** One outcome for each try that started. */
function outcomes(events: readonly RunEvent[]): string[] {
  const ids = (type: string) =>
    events.flatMap((event) => (event.type === type && 'stepAttempt' in event ? [`${event.step} ${event.attempt}.${event.stepAttempt}`] : []));
  return ids('step.finished').toSorted().filter((id, index, all) => id === all[index - 1] || !ids('step.started').includes(id));
}

async function journal(harness: Harness, runId: RunId): Promise<RunEvent[]> {
  return harness.deps.log.read(runId, 0);
}

/** Lets `one` get stuck in the middle step until `other` has taken the job over and ended the run. */
async function takeOver(one: Harness, other: Harness): Promise<{ runId: RunId; wake: () => void; late: Promise<void> }> {
  const { promise: slept, resolve: wake } = Promise.withResolvers<void>();
  const { promise: late, resolve: ended } = Promise.withResolvers<void>();
  one.handlers.set('do:middle', async (call) => {
    await slept;
    await call.log({ stream: 'stdout', level: 'info', text: 'late line' });
    setImmediate(ended);
    return success({ by: 'late' });
  });
  other.handlers.set('do:middle', () => success({ by: 'other' }));
  const runId = await one.start('w');
  await one.worker({ leaseMs: 40 });
  while (one.calls.length < 2) await new Promise(setImmediate);
  await other.worker({ leaseMs: 1_000 });
  await other.end(runId);
  return { runId, wake, late };
}

describe('a worker that comes back late', () => {
  it('finds its job taken over: its result and its log are refused', async () => {
    const [one, other] = await engines(asleep);
    const { runId, wake, late } = await takeOver(one, other);
    const before = await journal(one, runId);
    wake();
    await late;
    await Promise.all(open.splice(0, 1).map((harness) => harness.close()));

    const run = await readRun(other.deps, runId);
    expect(run.jobs[0]?.steps.map((step) => [step.status, step.attempt, step.outputs['by']])).toEqual([
      ['success', 1, undefined],
      ['success', 2, 'other'],
      ['success', 1, undefined],
    ]);
    const after = await journal(other, runId);
    expect(after).toEqual(before);
    expect(outcomes(after)).toEqual([]);
    expect((await readLogs(other.deps, { runId })).lines).toEqual([]);
    expect(other.calls.map((call) => call.step)).toEqual(['middle', 'last']);
  });

  it('would write a second outcome if its lease were not checked', async () => {
    const unfenced = (deps: EngineDeps): EngineDeps => {
      const sleepy = asleep(deps);
      const append: EngineDeps['log']['append'] = ({ fence: _, ...command }) => deps.log.append(command);
      return { ...sleepy, log: replacing(deps.log, { append }) };
    };
    const one = await openHarness({ workflows, wrap: unfenced });
    const other = await one.another();
    open.push(one, other);
    // The run must still be open for a late writer to do harm.
    const block = untilAborted();
    other.handlers.set('do:last', block.handler);
    const { promise: slept, resolve: wake } = Promise.withResolvers<void>();
    one.handlers.set('do:middle', async () => {
      await slept;
      return success({ by: 'late' });
    });
    const runId = await one.start('w');
    await one.worker({ leaseMs: 40 });
    while (one.calls.length < 2) await new Promise(setImmediate);
    const worker = await other.worker({ leaseMs: 1_000 });
    await block.begun;
    wake();
    for (;;) {
      const events = await journal(other, runId);
      if (outcomes(events).length > 0) break;
      await new Promise(setImmediate);
    }
    await expect(readRun(other.deps, runId)).rejects.toMatchObject({ code: 'STATE_CORRUPT' });
    block.begun.then((call) => call.signal.dispatchEvent(new Event('abort')), () => undefined);
    await worker.stop();
  });
});

describe('a worker whose own lease ran out', () => {
  it('goes on with the ticket it is handed anew, and drops what it was doing', async () => {
    const forgetful = (deps: EngineDeps): EngineDeps => ({ ...deps, queue: replacing(deps.queue, { renew: (leases) => Promise.resolve([...leases]) }) });
    const [one] = await engines(forgetful);
    const first = untilAborted();
    one.handlers.set('do:middle', first.handler);
    const runId = await one.start('w');
    const worker = await one.worker({ leaseMs: 60 });
    await first.begun;
    one.handlers.set('do:middle', () => success({ by: 'second' }));
    const run = await one.end(runId);
    expect(run.jobs[0]?.steps[1]).toMatchObject({ status: 'success', attempt: 2, outputs: { by: 'second' } });
    expect(outcomes(await journal(one, runId))).toEqual([]);
    await worker.stop();
    expect(worker.held).toBe(0);
  });
});

describe('a step whose worker died', () => {
  it('is tried again by default, as interrupted', async () => {
    const [one, other] = await engines();
    other.handlers.set('do:middle', (call) => success({ attempt: call.stepAttempt }));
    const runId = await startAndLose(one, other, 'w');
    const run = await other.end(runId);
    expect(run.jobs[0]?.steps[1]).toMatchObject({ status: 'success', attempt: 2, outputs: { attempt: 2 } });
    expect((await journal(other, runId)).filter((event) => event.type === 'step.finished' && event.status === 'interrupted')).toHaveLength(1);
  });

  it('fails where the document says so', async () => {
    const [one, other] = await engines();
    const runId = await startAndLose(one, other, 'once');
    expect(await other.end(runId)).toMatchObject({ status: 'failed', error: { code: 'STEP_INTERRUPTED' } });
    expect(other.calls).toEqual([]);
  });
});

/** A journal that says a step is running, and nobody who holds the job. */
async function startAndLose(one: Harness, other: Harness, workflow: string): Promise<RunId> {
  const runId = await one.start(workflow);
  await record(one, runId, workflow === 'w' ? ['first'] : [], 'middle');
  await other.worker();
  return runId;
}

/** Writes what a worker writes up to the start of a step, and gives the job up without a word. */
async function record(harness: Harness, runId: RunId, ended: readonly string[], running: string): Promise<void> {
  const { deps } = harness;
  const worker = deps.ids.workerId();
  await deps.queue.join({ id: worker });
  const [lease] = await deps.queue.take(worker, { limit: 1, leaseMs: 60_000 });
  if (lease === undefined) throw new Error('no ticket');
  const { job, attempt, turn, token } = lease;
  const at = (step: string, stepAttempt: number) => ({ job, attempt, step, stepAttempt });
  const found = (await readRun(deps, runId)).jobs[0]?.steps.find((step) => step.id === running);
  const before = found?.attempt ?? 1;
  const lost = found?.status === 'running';
  await deps.log.append({
    runId,
    at: deps.clock.now(),
    fence: { ticket: lease.id, token },
    events: [
      { type: 'job.started', job, attempt, turn, worker, token },
      ...ended.flatMap((step) => [
        { ...at(step, 1), type: 'step.started' as const, isolation: 'in-process' as const },
        { ...at(step, 1), type: 'step.finished' as const, status: 'success' as const, outputs: {}, artifacts: [] },
      ]),
      ...(lost ? [interruption(at(running, before))] : []),
      { ...at(running, lost ? before + 1 : before), type: 'step.started', isolation: 'in-process' },
    ],
  });
  await deps.queue.release([lease]);
  await deps.queue.leave(worker);
}

function interruption(at: { job: string; attempt: number; step: string; stepAttempt: number }) {
  const retry = { attempt: at.stepAttempt + 1, dueAt: 0, code: 'STEP_INTERRUPTED' };
  return { ...at, type: 'step.finished' as const, status: 'interrupted' as const, outputs: {}, artifacts: [], retry };
}

describe('a run that keeps ending its worker', () => {
  it('is quarantined at the third time, with everything closed', async () => {
    const [one] = await engines();
    const runId = await one.start('w');
    for (let times = 1; times <= 3; times += 1) await record(one, runId, times === 1 ? ['first'] : [], 'middle');
    await one.worker();
    const run = await one.end(runId);
    expect(run).toMatchObject({ status: 'quarantined', error: { code: 'RUN_QUARANTINED' } });
    expect(run.jobs.map((job) => [job.status, ...job.steps.map((step) => step.status)])).toEqual([['cancelled', 'success', 'cancelled', 'cancelled']]);
    expect(one.calls).toEqual([]);
    expect(await one.deps.queue.ticketsOf(runId)).toEqual([]);
  });

  it('is carried on after two', async () => {
    const [one] = await engines();
    const runId = await one.start('w');
    for (let times = 1; times <= 2; times += 1) await record(one, runId, times === 1 ? ['first'] : [], 'middle');
    await one.worker();
    expect((await one.end(runId)).status).toBe('success');
  });
});

describe('reconcile', () => {
  it('queues a ticket that was lost, and nothing that is there', async () => {
    const [one] = await engines();
    const runId = await one.start('w');
    expect(await reconcile(one.deps)).toEqual({ queued: 0 });
    const worker = one.deps.ids.workerId();
    await one.deps.queue.join({ id: worker });
    await one.deps.queue.discard(await one.deps.queue.take(worker, { limit: 10, leaseMs: 1_000 }));
    expect(await one.deps.queue.ticketsOf(runId)).toEqual([]);
    expect(await reconcile(one.deps)).toEqual({ queued: 1 });
    await one.worker();
    expect((await one.end(runId)).status).toBe('success');
  });

  it('does not give a job to a second worker when its ticket is doubled', async () => {
    const [one] = await engines();
    one.handlers.set('do:middle', () => failure());
    const runId = await one.start('w');
    await one.worker();
    await one.end(runId);
    await one.deps.queue.ensure([{ runId, job: 'a', attempt: 1, turn: 0, notBefore: 0 }]);
    while ((await one.deps.queue.ticketsOf(runId)).length > 0) await new Promise(setImmediate);
    expect(one.calls.map((call) => call.step)).toEqual(['first', 'middle']);
  });
});
