import { toTicketId, type RunId, type TicketId, type WorkerId } from '@kb-labs/contracts';
import type { Lease, Offer, TakeOptions } from '@kb-labs/ports';
import { aCreate, anEndedSummary, aRunFinished, aSummary, aTicket, countingIds, type FakeClock, fakeClock } from '@kb-labs/testkit';
import { beforeEach, describe, expect, it } from 'vitest';

import { isCallOf, lostConnection } from './intercepted.fixture.js';
import type { RedisStore } from './index.js';
import { TAKE_OFFERED } from './lua/in-one-call.js';
import { GRAB_TICKETS } from './lua/run-scripts.js';
import { sharedServer } from './shared-server.fixture.js';

const server = sharedServer();
const ids = countingIds();
const LEASE_MS = 10_000;

let clock: FakeClock;
let store: RedisStore;

beforeEach(async () => {
  clock = fakeClock();
  store = await server.open({ clock, presenceMs: 3_600_000 });
});

describe('what is offered', () => {
  it('are due tickets by priority, then by when they fell due, then as they were queued, until the window is full', async () => {
    const runId = await openRun();
    const later = { job: 'later', notBefore: clock.now() + 1 };
    await store.queue.ensure([{ job: 'low', priority: 'low' as const }, { job: 'b', notBefore: 5 }, { job: 'a', notBefore: 3 }, { job: 'c', notBefore: 5 }, { job: 'high', priority: 'high' as const }, later].map((each) => aTicket(runId, each)));
    expect(await offered(3)).toEqual(['high', 'a', 'b']);
    expect(await offered(3)).toEqual([]);
    expect(await offered(4)).toEqual(['c']);
    expect((await store.handOver.offer({ window: 9 })).map(({ runId: of, priority }) => [of, priority])).toEqual([[runId, 'low']]);
  });

  it('has a number that stays while the offer is repeated, and another when the ticket is offered anew', async () => {
    const { worker, ticket } = await queueOne();
    const [first] = await store.handOver.offer({ window: 1 });
    await clock.advance(1_999);
    expect(await store.handOver.offer({ window: 1 })).toEqual([]);
    await clock.advance(1);
    expect(await store.handOver.offer({ window: 1 })).toEqual([first]);
    await store.queue.release(await take(worker, [ticket]));
    const [second] = await store.handOver.offer({ window: 1 });
    expect(second?.ticket).toBe(ticket);
    expect(second?.handOut).toBeGreaterThan(first?.handOut ?? Number.NaN);
  });

  it('keeps to the caps, what is offered and not taken included, and looks past a full tenant', async () => {
    const [mine, other] = [await openRun('mine'), await openRun('other')];
    await store.queue.ensure(['a', 'b', 'c'].map((job) => aTicket(mine, { job })));
    await store.queue.ensure(['d', 'e', 'f'].map((job) => aTicket(other, { job })));
    expect(await offered(9, { perTenant: 1 })).toEqual(['a', 'd']);
    expect(await offered(9, { perTenant: 1 })).toEqual([]);
    expect(await offered(9, { total: 3 })).toEqual(['b']);
    expect(await offered(9, { total: 3, perTenant: 9 })).toEqual([]);
    expect(await offered(9, { total: 9, perTenant: 2 })).toEqual(['e']);
  });

  it('is shared out among tenants, what they hold and what is offered already included', async () => {
    const [busy, other] = [await openRun('busy'), await openRun('other')];
    const worker = await join();
    await store.queue.ensure(['b0', 'b1', 'b2', 'b3', 'b4', 'b5', 'b6'].map((job) => aTicket(busy, { job })));
    await store.queue.take(worker, { limit: 1, leaseMs: LEASE_MS });
    expect(await offered(2)).toEqual(['b1', 'b2']);
    await store.queue.ensure(['o0', 'o1', 'o2', 'o3', 'o4'].map((job) => aTicket(other, { job })));
    await store.queue.ensure([aTicket(busy, { job: 'high', priority: 'high' })]);
    // One holds one, with two offers open; the other none.
    expect(await offered(8)).toEqual(['high', 'o0', 'o1', 'o2', 'o3', 'b3']);
    expect(await offered(11)).toEqual(['o4', 'b4', 'b5']);
  });

  it('includes a late ticket by the share of its tenant without it', async () => {
    const [busy, other] = [await openRun('busy'), await openRun('other')];
    const stalled = await join();
    await store.queue.ensure([aTicket(busy, { job: 'b0' })]);
    await store.queue.take(stalled, { limit: 1, leaseMs: LEASE_MS });
    await clock.advance(LEASE_MS);
    await store.queue.ensure(['b1', 'b2'].map((job) => aTicket(busy, { job })));
    await store.queue.ensure(['o0', 'o1'].map((job) => aTicket(other, { job })));
    expect(await offered(4)).toEqual(['b0', 'o0', 'b1', 'o1']);
  });

  it('leaves out what is held by a live lease or parked, and includes what can be taken over', async () => {
    const { runId, worker, ticket } = await queueOne();
    await take(worker, [ticket]);
    await store.log.append({ runId, at: 1, events: [], claim: [{ group: 'g', job: 'first' }, { group: 'g', job: 'waits' }], enqueue: [aTicket(runId, { job: 'waits' })] });
    expect(await offered(9)).toEqual([]);
    await clock.advance(LEASE_MS);
    expect(await offered(9)).toEqual(['main']);
    await store.queue.leave(worker);
    expect(await offered(9)).toEqual([]);
  });

  it.each<[string, (given: { runId: RunId; worker: WorkerId; ticket: TicketId }) => Promise<unknown>]>([
    ['taken from the queue', ({ worker }) => store.queue.take(worker, { limit: 1, leaseMs: LEASE_MS })],
    ['taken as offered', ({ worker, ticket }) => take(worker, [ticket])],
    ['settled', ({ runId, ticket }) => store.log.append({ runId, at: 1, events: [], settle: [ticket] })],
    ['parked', ({ runId }) => store.log.append({ runId, at: 1, events: [], claim: [{ group: 'g', job: 'before' }, { group: 'g', job: 'main' }] })],
    ['of a run that ended', ({ runId }) => store.log.append({ runId, at: 1, events: [aRunFinished()], summary: anEndedSummary(runId) })],
  ])('is no offer any more when its ticket is %s', async (_, act) => {
    const given = await queueOne();
    await store.handOver.offer({ window: 9 });
    await act(given);
    const keys = (await server.redis.keys(`{${server.prefix}}:offered*`)).sort();
    expect(keys).toEqual([]);
    await clock.advance(5_000);
    expect(await store.handOver.offer({ window: 9 })).toEqual([]);
  });

  it('ends when a lease that ran out is renewed after all', async () => {
    const { worker, ticket } = await queueOne();
    const leases = await take(worker, [ticket]);
    await clock.advance(LEASE_MS);
    expect(await offered(9)).toEqual(['main']);
    expect(await store.queue.renew(leases, LEASE_MS)).toHaveLength(1);
    expect(await take(worker, [ticket])).toEqual([]);
    expect(await server.redis.exists(`{${server.prefix}}:offered`)).toBe(0);
  });
});

describe('what was offered', () => {
  it('is given as the queue gives it: with a token above every other, once, and renewed, fenced and settled like any lease', async () => {
    const { runId, worker, ticket } = await queueOne();
    await store.handOver.offer({ window: 9 });
    const other = await join();
    const [one, two] = await Promise.all([take(worker, [ticket, ticket]), take(other, [ticket])]);
    const [lease, ...more] = [...one, ...two];
    expect(more).toEqual([]);
    expect(lease).toMatchObject({ id: ticket, runId, job: 'main', until: clock.now() + LEASE_MS });
    if (lease === undefined) throw new Error('nobody was given it');
    expect(await store.log.append({ runId, at: 1, fence: { ticket, token: lease.token }, events: [], settle: [ticket] })).toMatchObject({ ok: true });
    expect(await store.queue.ticketsOf(runId)).toEqual([]);
  });

  it('is refused when it is not due, not there, or nobody knows the worker', async () => {
    const { runId, worker, ticket } = await queueOne();
    const later = aTicket(runId, { job: 'later', notBefore: clock.now() + 1 });
    await store.queue.ensure([later]);
    expect(await take(worker, [toTicketId(later), toTicketId(aTicket(runId, { job: 'never' }))])).toEqual([]);
    expect(await take(ids.workerId(), [ticket])).toEqual([]);
    expect((await take(worker, [ticket, toTicketId(later)])).map(({ job }) => job)).toEqual(['main']);
  });

  it('is refused without room, and offered anew when there is', async () => {
    const runId = await openRun();
    await store.queue.ensure(['a', 'b'].map((job) => aTicket(runId, { job })));
    const worker = await join();
    const offers = await store.handOver.offer({ window: 9 });
    const caps = { total: 1 };
    const given = await take(worker, offers.map(({ ticket }) => ticket), { caps });
    expect(given.map(({ job }) => job)).toEqual(['a']);
    expect(await offered(9, caps)).toEqual([]);
    await store.queue.discard(given);
    const [again] = await store.handOver.offer({ window: 9, caps });
    expect(again?.handOut).toBeGreaterThan(Math.max(...offers.map(({ handOut }) => handOut)));
    expect((await take(worker, again === undefined ? [] : [again.ticket], { caps })).map(({ job }) => job)).toEqual(['b']);
  });

  it('goes to the tenants that hold the fewest where there is no room for all, those of high priority first', async () => {
    const [busy, other] = [await openRun('busy'), await openRun('other')];
    const worker = await join();
    await store.queue.ensure(['b0', 'b1', 'b2', 'b3'].map((job) => aTicket(busy, { job })));
    await store.queue.take(worker, { limit: 1, leaseMs: LEASE_MS });
    await store.queue.ensure([aTicket(busy, { job: 'high', priority: 'high' }), ...['o0', 'o1', 'o2'].map((job) => aTicket(other, { job }))]);
    const brought = [...['b1', 'b2', 'b3', 'high'].map((job) => aTicket(busy, { job })), ...['o1', 'o0'].map((job) => aTicket(other, { job }))].map(toTicketId);
    expect((await take(worker, brought, { caps: { total: 5 } })).map(({ job }) => job)).toEqual(['high', 'o1', 'o0', 'b1']);
  });

  it('is given in the order it was brought where one tenant has all', async () => {
    const runId = await openRun();
    const tickets = [aTicket(runId, { job: 'low', priority: 'low' }), aTicket(runId, { job: 'late', notBefore: 5 }), aTicket(runId, { job: 'high', priority: 'high' }), aTicket(runId, { job: 'left' })];
    await store.queue.ensure(tickets.toReversed());
    expect((await take(await join(), tickets.map(toTicketId), { limit: 3 })).map(({ job }) => job)).toEqual(['low', 'late', 'high']);
  });

  it.each([
    ['in one call', 'after', TAKE_OFFERED, {}],
    ['in two', 'before', GRAB_TICKETS, { keysApart: true } as const],
  ])('is taken back when the answer was lost (%s)', async (_, when, last, keys) => {
    const { ticket } = await queueOne();
    let lost = false;
    const deaf = await server.open({
      clock,
      presenceMs: 3_600_000,
      interceptor: {
        ...keys,
        [when]: (name: string, args: readonly (string | number)[]) => {
          if (lost || !isCallOf(last, name, args)) return;
          lost = true;
          throw lostConnection();
        },
      },
    });
    const worker = ids.workerId();
    await deaf.queue.join({ id: worker });
    const taking = (): Promise<Lease[]> => deaf.handOver.takeOffered(worker, [ticket], { limit: 1, leaseMs: LEASE_MS });
    await expect(taking()).rejects.toMatchObject({ code: 'STATE_UNAVAILABLE' });
    expect((await taking()).map(({ id }) => id)).toEqual([ticket]);
  });
});

it('looks at as many tickets as it offers and gives, not at what else is queued or held', async () => {
  const [few, many] = [await workOf(20), await workOf(1_500)];
  expect(few).toBeGreaterThan(20);
  expect(many).toBeLessThanOrEqual(few + 2);
});

/** How many commands the server carries out for one offer and one hand-out. */
async function workOf(tickets: number): Promise<number> {
  const own = await server.open({ prefix: `${server.prefix}-${String(tickets)}`, sweepMs: 3_600_000, presenceMs: 3_600_000 });
  const runId = ids.runId();
  await own.log.create(aCreate(runId));
  await own.queue.ensure(Array.from({ length: tickets }, (_, index) => aTicket(runId, { job: `job-${String(index)}` })));
  const [holder, worker] = [ids.workerId(), ids.workerId()];
  await own.queue.join({ id: holder });
  await own.queue.join({ id: worker });
  await own.queue.take(holder, { limit: tickets / 2, leaseMs: 3_600_000 });
  await own.handOver.offer({ window: 2 });
  const before = await commands();
  const offers: Offer[] = await own.handOver.offer({ window: 4, caps: { total: 5_000, perTenant: 5_000 } });
  expect(offers).toHaveLength(2);
  expect(await own.handOver.takeOffered(worker, offers.map(({ ticket }) => ticket), { limit: 2, leaseMs: LEASE_MS })).toHaveLength(2);
  return (await commands()) - before;
}

async function commands(): Promise<number> {
  const counted = [...(await server.redis.info('commandstats')).matchAll(/cmdstat_(\S+?):calls=(\d+)/g)];
  return counted.filter(([, name]) => name !== 'info' && !name?.startsWith('eval')).reduce((sum, [, , calls]) => sum + Number(calls), 0);
}

async function openRun(tenant = 'local'): Promise<RunId> {
  const runId = ids.runId();
  await store.log.create(aCreate(runId, { summary: aSummary(runId, { tenant }) }));
  return runId;
}

async function queueOne(): Promise<{ runId: RunId; worker: WorkerId; ticket: TicketId }> {
  const runId = await openRun();
  await store.queue.ensure([aTicket(runId)]);
  return { runId, worker: await join(), ticket: toTicketId(aTicket(runId)) };
}

async function join(): Promise<WorkerId> {
  const id = ids.workerId();
  await store.queue.join({ id });
  return id;
}

function take(worker: WorkerId, tickets: readonly TicketId[], how: Partial<TakeOptions> = {}): Promise<Lease[]> {
  return store.handOver.takeOffered(worker, tickets, { limit: 9, leaseMs: LEASE_MS, ...how });
}

async function offered(window: number, caps?: TakeOptions['caps']): Promise<string[]> {
  const offers = await store.handOver.offer({ window, ...(caps === undefined ? {} : { caps }) });
  return offers.map(({ ticket, runId }) => ticket.slice(runId.length + 1).replace(/\.\d+\.\d+$/, ''));
}
