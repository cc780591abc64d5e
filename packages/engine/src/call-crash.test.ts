import type { RunEventBody, RunId } from '@kb-labs/contracts';
import { afterEach, describe, expect, it } from 'vitest';

import { cancelRun } from './cancel-run.js';
import type { EngineDeps } from './deps.js';
import { type Harness, openHarness, replacing } from './harness.fixture.js';
import { type ManualClock, manualClock } from './manual-clock.fixture.js';
import { dying, endInTime, oneJob, settle, waiting } from './one-job.fixture.js';
import { reconcile } from './reconcile.js';
import { stepIn, turns } from './watch-run.fixture.js';

const open: Harness[] = [];
afterEach(async () => {
  for (const harness of open.splice(0).toReversed()) await harness.close();
});

const CHILD = 'id: child\ninputs: { n: { type: number } }\njobs: { k: { steps: [ { id: s, uses: t/do:it } ] } }\n';
/** A child that waits by itself, so that no worker is in the middle of it. */
const PATIENT = 'id: child\ninputs: { n: { type: number } }\njobs: { k: { steps: [ { id: s, uses: "builtin:wait", with: { signal: go } } ] } }\n';
const workflows = { ...oneJob('{ id: call, uses: "workflow://child", with: { n: 4 } }\n{ id: after, uses: t/do:after }'), 'child.yml': CHILD };

async function engines(
  wrap: (deps: EngineDeps) => EngineDeps,
  { first = workflows, then = first }: { first?: Record<string, string>; then?: Record<string, string> } = {},
): Promise<{ one: Harness; other: Harness; clock: ManualClock }> {
  const clock = manualClock();
  const one = await openHarness({ clock, workflows: first, wrap });
  const other = await one.another(then);
  open.push(one, other);
  return { one, other, clock };
}

const patient = { ...workflows, 'child.yml': PATIENT };

const has = (type: RunEventBody['type']) => (events: readonly RunEventBody[]) => events.some((event) => event.type === type);
const isChild = (events: readonly RunEventBody[]) => events[0]?.type === 'run.started' && events[0].trigger.type === 'call';

async function childrenOf(harness: Harness): Promise<RunId[]> {
  return (await harness.deps.catalog.listRuns({ limit: 100 })).filter((run) => run.trigger.type === 'call').map((run) => run.id as RunId);
}

/** Whether this is the run's only child, called once, and its step answered once at most. */
async function expectOneChild(harness: Harness, runId: RunId): Promise<RunId> {
  const children = await childrenOf(harness);
  expect(children).toHaveLength(1);
  const events = await harness.deps.log.read(runId, 0);
  const started = events.filter((event) => event.type === 'step.started' && event.step === 'call');
  expect(started).toMatchObject([{ child: children[0] }]);
  expect(events.filter((event) => event.type === 'step.answered').length).toBeLessThanOrEqual(1);
  expect(events.filter((event) => event.type === 'step.finished' && event.step === 'call')).toHaveLength(1);
  return children[0] as RunId;
}

describe('a worker that dies while a workflow is called', () => {
  it.each<[string, Parameters<typeof dying>[1]]>([
    ['before its start is recorded', { at: 'before', is: (_, events) => has('step.started')(events) }],
    ['after its start is recorded', { at: 'after', is: (_, events) => has('step.started')(events) }],
    ['before the run is made', { at: 'before', is: (what, events) => what === 'create' && isChild(events) }],
    ['after the run is made', { at: 'after', is: (what, events) => what === 'create' && isChild(events) }],
    ['before the wait is recorded', { at: 'before', is: (_, events) => has('step.waiting')(events) }],
    ['after the wait is recorded', { at: 'after', is: (_, events) => has('step.waiting')(events) }],
    ['before the run ends', { at: 'before', is: (_, events) => has('run.finished')(events) }],
    ['after the run ended', { at: 'after', is: (_, events) => has('run.finished')(events) }],
    ['before the answer is recorded', { at: 'before', is: (_, events) => has('step.answered')(events) }],
    ['after the answer is recorded', { at: 'after', is: (_, events) => has('step.answered')(events) }],
  ])('%s: there is one run, and its end is told once', async (_, point) => {
    let died = false;
    const { one, other, clock } = await engines((deps) => dying(deps, { at: point.at, is: (what, events) => !died && (died = point.is(what, events)) }));
    const runId = await one.start('w');
    await one.worker({ leaseMs: 3_000 });
    await turns(() => died);
    await settle();
    await other.worker({ leaseMs: 3_000 });
    const view = await endInTime(other, clock, runId);
    expect(view.status).toBe('success');
    await expectOneChild(other, runId);
  });

  it('goes on with the run it made, though the called workflow has changed since', async () => {
    const { one, other, clock } = await engines(
      (deps) => dying(deps, { at: 'after', is: (what, events) => what === 'create' && isChild(events) }),
      { then: { ...workflows, 'child.yml': CHILD.replace('id: s', 'id: s, name: "New"') } },
    );
    const runId = await one.start('w');
    await one.worker({ leaseMs: 3_000 });
    await turns(async () => (await childrenOf(other)).length === 1);
    await settle();
    await other.worker({ leaseMs: 3_000 });
    expect((await endInTime(other, clock, runId)).status).toBe('success');
    await expectOneChild(other, runId);
  });
});

describe('a cancellation of a run that calls another', () => {
  it.each<[string, Parameters<typeof dying>[1]]>([
    ['after it was made', { at: 'after', is: (what, events) => what === 'create' && isChild(events) }],
    ['before it was made', { at: 'before', is: (what, events) => what === 'create' && isChild(events) }],
    ['before it was cancelled', { at: 'before', is: (_, events) => events[0]?.type === 'run.cancel_requested' }],
    ['after it was cancelled', { at: 'after', is: (_, events) => events[0]?.type === 'run.cancel_requested' }],
  ])('reaches it when the worker died %s', async (_, point) => {
    let died = false;
    const { one, other, clock } = await engines((deps) => dying(deps, { at: point.at, is: (what, events) => !died && (died = point.is(what, events)) }), { first: patient });
    const runId = await one.start('w');
    await one.worker({ leaseMs: 3_000 });
    if (!point.is('create', [{ type: 'run.started', trigger: { type: 'call' } } as RunEventBody])) await waiting(other, runId, 'call');
    else await turns(() => died);
    await settle();
    await cancelRun(other.deps, { runId, by: 'eve' });
    while (!died) {
      await settle();
      clock.advance(1_000);
    }
    await other.worker({ leaseMs: 3_000 });
    expect((await endInTime(other, clock, runId)).status).toBe('cancelled');
    for (const child of await childrenOf(other)) expect((await endInTime(other, clock, child)).status).toBe('cancelled');
  });

  it.each<[string, (other: Harness, runId: RunId) => Promise<unknown>, Record<string, string>, string]>([
    ['cancelled', (other, runId) => cancelRun(other.deps, { runId, by: 'eve' }), workflows, 'cancelled'],
    ['failed because the workflow has changed', () => Promise.resolve(), { ...workflows, 'child.yml': CHILD.replace('id: s', 'id: s, name: "New"') }, 'failed'],
  ])('reaches it also when a worker that had lost the job makes it once the caller was %s', async (_, act, then, status) => {
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    const { promise: reached, resolve: reach } = Promise.withResolvers<void>();
    let taken = false;
    const stuck = (deps: EngineDeps): EngineDeps => ({
      ...deps,
      queue: replacing(deps.queue, {
        renew: (leases) => Promise.resolve([...leases]),
        take: async (...args) => {
          if (taken) return [];
          const leases = await deps.queue.take(...args);
          taken = leases.length > 0;
          return leases;
        },
      }),
      log: replacing(deps.log, {
        create: async (command) => {
          if (isChild(command.events)) {
            reach();
            await released;
          }
          return deps.log.create(command);
        },
      }),
    });
    const { one, other, clock } = await engines(stuck, { then });
    const runId = await one.start('w');
    await one.worker({ leaseMs: 3_000 });
    await reached;
    await act(other, runId);
    await other.worker({ leaseMs: 60_000 });
    expect((await endInTime(other, clock, runId)).status).toBe(status);
    expect(await childrenOf(other)).toEqual([]);
    release();
    await turns(async () => (await childrenOf(other)).length === 1);
    const [child] = await childrenOf(other);
    if (child === undefined) throw new Error('no child');
    // No time passes: it is not the reconciler that notices.
    await settle();
    expect((await other.deps.log.read(child, 0)).filter((event) => event.type === 'run.cancel_requested')).toHaveLength(1);
    expect((await endInTime(other, clock, child)).status).toBe('cancelled');
  });
});

describe('reconcile', () => {
  it('gives an answer that was lost', async () => {
    const losing = (deps: EngineDeps): EngineDeps => ({
      ...deps,
      log: replacing(deps.log, { append: (command) => (has('step.answered')(command.events) ? Promise.resolve({ ok: false, refused: 'closed' }) : deps.log.append(command)) }),
    });
    const { one, other } = await engines(losing);
    const runId = await one.start('w');
    const worker = await one.worker();
    await turns(async () => (await childrenOf(one)).length === 1);
    const [child] = await childrenOf(one);
    if (child === undefined) throw new Error('no child');
    await one.end(child);
    await turns(async () => (await one.deps.queue.ticketsOf(child)).length === 0);
    await worker.stop();
    expect((await waiting(other, runId, 'call')).status).toBe('waiting');
    await reconcile(other.deps);
    await other.worker();
    expect((await other.end(runId)).status).toBe('success');
    await expectOneChild(other, runId);
  });

  it('cancels a run whose caller has ended without it, and leaves alone one that is waited for or goes by itself', async () => {
    const { one, other, clock } = await engines((deps) => deps, { first: patient });
    const worker = await one.worker();
    const runId = await one.start('w');
    await waiting(one, runId, 'call');
    await worker.stop();
    const [child] = await childrenOf(one);
    if (child === undefined) throw new Error('no child');
    await reconcile(other.deps);
    expect((await other.deps.log.read(child, 0)).some((event) => event.type === 'run.cancel_requested')).toBe(false);
    // The caller ends as by a worker that died before it could cancel what it called.
    await cancelRun(other.deps, { runId, by: 'eve' });
    const id = other.deps.ids.workerId();
    await other.deps.queue.join({ id });
    const leases = await other.deps.queue.take(id, { limit: 9, leaseMs: 60_000 });
    const lease = leases.find((taken) => taken.runId === runId);
    if (lease === undefined) throw new Error('no ticket');
    const at = { job: 'j', attempt: 1 };
    await other.deps.log.append({
      runId,
      at: clock.now(),
      fence: { ticket: lease.id, token: lease.token },
      events: [
        { ...at, type: 'job.started', turn: lease.turn, worker: id, token: lease.token },
        { ...at, type: 'step.finished', step: 'call', stepAttempt: 1, status: 'cancelled', outputs: {}, artifacts: [] },
      ],
    });
    await other.deps.queue.release(leases);
    await other.deps.queue.leave(id);
    await reconcile(other.deps);
    expect((await other.deps.log.read(child, 0)).filter((event) => event.type === 'run.cancel_requested')).toHaveLength(1);
    await reconcile(other.deps);
    expect((await other.deps.log.read(child, 0)).filter((event) => event.type === 'run.cancel_requested')).toHaveLength(1);
    await other.worker();
    expect((await endInTime(other, clock, child)).status).toBe('cancelled');
    expect(stepIn(await endInTime(other, clock, runId), 'j', 'after').status).toBe('cancelled');
  });
});
