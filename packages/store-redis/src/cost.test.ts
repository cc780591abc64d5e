import { type RunId, toTicketId } from '@kb-labs/contracts';
import type { Fence } from '@kb-labs/ports';
import { aCreate, anEndedSummary, aJobStarted, aRunFinished, aStepFinished, aStepStarted, aSummary, aTicket, countingIds, fakeClock, someLines } from '@kb-labs/testkit';
import { describe, expect, it } from 'vitest';

import { ACKNOWLEDGE } from './lua/run-scripts.js';
import { isCallOf } from './intercepted.fixture.js';
import type { RedisStore } from './index.js';
import { sharedServer } from './shared-server.fixture.js';

const server = sharedServer();
const ids = countingIds();

describe('how often the server is asked', () => {
  it.each([
    ['once for each of them', {}, [1, 1, 1, 1, 1, 1]],
    ['where keys are spread: once for a record, twice for an append with tickets and for a hand-out, three times for a run', { keysApart: true } as const, [3, 2, 1, 1, 2, 1]],
  ])('is %s', async (_, keys, costs) => {
    let calls = 0;
    const store = await server.open({
      sweepMs: 3_600_000,
      // The outbox is cleared after the answer.
      interceptor: { ...keys, before: (name, args) => void (isCallOf(ACKNOWLEDGE, name, args) || (calls += 1)) },
    });
    const worker = ids.workerId();
    await store.queue.join({ id: worker });
    const runId = ids.runId();
    const asked = async (act: () => Promise<unknown>): Promise<number> => {
      const before = calls;
      await act();
      return calls - before;
    };
    const cycle = async (turn: number): Promise<number[]> => {
      const run = turn === 0 ? ids.runId() : runId;
      const created = await asked(() => store.log.create(aCreate(run, { enqueue: [aTicket(run, { turn })] })));
      let leases: Awaited<ReturnType<typeof store.queue.take>> = [];
      const taken = await asked(async () => (leases = await store.queue.take(worker, { limit: 1, leaseMs: 60_000 })));
      const [lease] = leases;
      if (lease === undefined) throw new Error('nothing was due');
      const fence = { ticket: lease.id, token: lease.token };
      const record = await asked(() => store.log.append({ runId: run, at: 1, fence, events: [aStepStarted()] }));
      const lines = await asked(() => store.logs.append(run, fence, someLines({ from: 1, to: 100 })));
      const decided = await asked(() => store.log.append({ runId: run, at: 1, fence, expected: 2, events: [aStepFinished()], settle: [lease.id], enqueue: [aTicket(run, { job: 'next' })] }));
      const renewed = await asked(() => store.queue.renew([lease], 1));
      return [created, taken, record, lines, decided, renewed];
    };
    // The first time, the server has to be taught the scripts.
    await cycle(0);
    await store.queue.discard(await store.queue.take(worker, { limit: 9, leaseMs: 1 }));
    expect(await cycle(1)).toEqual(costs);
    await store.queue.discard(await store.queue.take(worker, { limit: 9, leaseMs: 1 }));
    expect(await asked(() => store.queue.take(worker, { limit: 9, leaseMs: 1 }))).toBe(1);
  });
});

it('does no more for a run of one job than it has to: commands inside of the calls', async () => {
  const store = await server.open({ clock: fakeClock(), presenceMs: 3_600_000 });
  const [runId, worker] = [ids.runId(), ids.workerId()];
  await store.queue.join({ id: worker });
  // The first time, the server has to be taught the scripts.
  await queued(store, 1);
  await store.queue.discard(await store.queue.take(worker, { limit: 1, leaseMs: 60_000 }));
  const created = await commandsOf(() => store.log.create(aCreate(runId, { enqueue: [aTicket(runId)] })));
  let leases: Awaited<ReturnType<typeof store.queue.take>> = [];
  const taken = await commandsOf(async () => (leases = await store.queue.take(worker, { limit: 1, leaseMs: 60_000 })));
  const fence = { ticket: leases[0]?.id ?? '', token: leases[0]?.token ?? 0 } as Fence;
  const begun = await commandsOf(() => store.log.append({ runId, at: 1, fence, expected: 1, events: [aStepStarted()], summary: aSummary(runId, { status: 'running' }) }));
  const recorded = await commandsOf(() => store.log.append({ runId, at: 1, fence, events: [aStepFinished()] }));
  const ended = await commandsOf(() => store.log.append({ runId, at: 1, fence, events: [aRunFinished()], settle: [fence.ticket], summary: anEndedSummary(runId) }));
  expect({ created, taken, begun, recorded, ended }).toEqual({ created: 35, taken: 28, begun: 16, recorded: 7, ended: 35 });
});

it('does not look at the clock for a record of a step', async () => {
  const store = await server.open();
  const runId = ids.runId();
  await store.log.create(aCreate(runId));
  const record = (): Promise<unknown> => store.log.append({ runId, at: 1, events: [aStepStarted()] });
  await record();
  const timesAsked = async (): Promise<number> => Number(/cmdstat_time:calls=(\d+)/.exec(await server.redis.info('commandstats'))?.[1] ?? 0);
  const before = await timesAsked();
  await record();
  expect(await timesAsked()).toBe(before);
});

it('puts nothing into the lists that it would take out again for a run that is begun as it is created', async () => {
  const store = await server.open({ clock: fakeClock(), presenceMs: 3_600_000 });
  const worker = ids.workerId();
  await store.queue.join({ id: worker });
  store.queue.standBy?.(worker, () => ({ limit: 9, leaseMs: 60_000 }), () => undefined);
  let begun = 0;
  const create = (runId: RunId): Promise<unknown> =>
    store.log.create(aCreate(runId, { enqueue: [aTicket(runId)] }), {
      ticket: toTicketId(aTicket(runId)),
      worker,
      append: { runId, at: 1, expected: 1, events: [aJobStarted({ worker }), aStepStarted()], summary: aSummary(runId, { status: 'running', startedAt: 1 }) },
      begun: () => (begun += 1),
    });
  // The first time, the server has to be taught the scripts.
  await create(ids.runId());
  expect([await commandsOf(() => create(ids.runId())), begun]).toEqual([49, 2]);
});

it('writes the row of each of many tickets once, reads it when it is taken and when it is done, and does the rest for all of them together', async () => {
  const store = await server.open({ clock: fakeClock(), presenceMs: 3_600_000 });
  const worker = ids.workerId();
  await store.queue.join({ id: worker });
  const costs = async (jobs: number): Promise<readonly number[]> => {
    const runId = ids.runId();
    const tickets = Array.from({ length: jobs }, (_, index) => aTicket(runId, { job: `job-${String(index)}` }));
    const created = await commandsOf(() => store.log.create(aCreate(runId, { enqueue: tickets })));
    let leases: Awaited<ReturnType<typeof store.queue.take>> = [];
    const taken = await commandsOf(async () => (leases = await store.queue.take(worker, { limit: jobs, leaseMs: 60_000 })));
    const fences = leases.map(({ id, token }) => ({ ticket: id, token }));
    const ended = await commandsOf(() => store.log.append({ runId, at: 1, fences, events: [], settle: fences.map(({ ticket }) => ticket) }));
    return [created, taken, ended];
  };
  await costs(2);
  const [few, many] = [await costs(10), await costs(110)];
  expect(many.map((cost, index) => Math.round((10 * (cost - (few[index] ?? 0))) / 100) / 10)).toEqual([1, 2, 1]);
});

describe('what the server does for a hand-out', () => {
  it('does not depend on how much else is due, due later or held', async () => {
    const few = await workOfHandOut(10);
    const many = await workOfHandOut(2_000);
    expect(few).toBeGreaterThan(20);
    expect(many).toBeLessThanOrEqual(few + 2);
  });

  it('depends on the number of tenants and of what is given, not on how much a tenant has queued', async () => {
    const [few, many] = [await workAmong(20, 10), await workAmong(20, 300)];
    expect(many).toBeLessThanOrEqual(few + 2);
    // Of each tenant how much it holds and what comes first at each of two priorities; of each ticket that is given less than twenty.
    expect(many).toBeLessThan(20 * 4 + 30 * 20);
    const more = await workAmong(60, 10);
    expect(more - few).toBeGreaterThan(40);
    expect(more - few).toBeLessThan(40 * 8);
  });

  it('is seen to grow where all tickets are looked at', async () => {
    const [few, many] = [await server.open(), await server.open({ prefix: `${server.prefix}-many` })];
    const [small, large] = [await queued(few, 10), await queued(many, 500)];
    expect(await commandsOf(() => many.queue.ticketsOf(large))).toBeGreaterThan((await commandsOf(() => few.queue.ticketsOf(small))) + 400);
  });
});

/** How many commands the server carries out, also inside scripts, for one more hand-out under caps. */
async function workOfHandOut(tickets: number): Promise<number> {
  const store = await server.open({ prefix: `${server.prefix}-${String(tickets)}`, sweepMs: 3_600_000 });
  const runId = await queued(store, tickets);
  await store.queue.ensure(Array.from({ length: tickets }, (_, index) => aTicket(runId, { job: `later-${String(index)}`, notBefore: 1e13 })));
  const holder = ids.workerId();
  await store.queue.join({ id: holder });
  await store.queue.take(holder, { limit: tickets / 2, leaseMs: 3_600_000 });
  const worker = ids.workerId();
  await store.queue.join({ id: worker });
  return await commandsOf(async () => {
    expect(await store.queue.take(worker, { limit: 2, leaseMs: 60_000, caps: { total: 5_000, perTenant: 5_000 } })).toHaveLength(2);
    await store.queue.nextDue(worker);
    await store.queue.counts();
  });
}

/** The same for a hand-out of 30 tickets of normal priority among tenants, the first of which has ten times as many as each other. */
async function workAmong(tenants: number, tickets: number): Promise<number> {
  const store = await server.open({ prefix: `${server.prefix}-${String(tenants)}-${String(tickets)}`, sweepMs: 3_600_000 });
  for (let tenant = 0; tenant < tenants; tenant += 1) await queued(store, tenant === 0 ? tickets * 10 : tickets, `tenant-${String(tenant)}`);
  const worker = ids.workerId();
  await store.queue.join({ id: worker });
  return await commandsOf(async () => expect(await store.queue.take(worker, { limit: 30, leaseMs: 60_000 })).toHaveLength(30));
}

async function queued(store: RedisStore, tickets: number, tenant = 'default'): Promise<RunId> {
  const runId = ids.runId();
  await store.log.create(aCreate(runId, { summary: aSummary(runId, { tenant }) }));
  await store.queue.ensure(Array.from({ length: tickets }, (_, index) => aTicket(runId, { job: `job-${String(index)}` })));
  return runId;
}

async function commandsOf(act: () => Promise<unknown>): Promise<number> {
  const count = async (): Promise<number> => {
    const stats = await server.redis.info('commandstats');
    const counted = [...stats.matchAll(/cmdstat_(\S+?):calls=(\d+)/g)].filter(([, name]) => name !== 'info' && !name?.startsWith('eval'));
    return counted.reduce((sum, [, , calls]) => sum + Number(calls), 0);
  };
  const before = await count();
  await act();
  return (await count()) - before;
}
