import { type RunId, toTicketId, type WorkerId } from '@kb-labs/contracts';
import type { Create, Lease, TakeOptions } from '@kb-labs/ports';
import { aCreate, aJobStarted, aStepStarted, aSummary, aTicket, fakeClock } from '@kb-labs/testkit';
import { describe, expect, it } from 'vitest';

import type { RedisStore } from './index.js';
import { sharedServer } from './shared-server.fixture.js';

const server = sharedServer();
const WORKER = 'wrk_00000000000000000000000001' as WorkerId;
const [NEW, OTHER] = ['run_00000000000000000000000009', 'run_00000000000000000000000001'] as [RunId, RunId];
const LEASE_MS = 60_000;

interface Case {
  /** What is there before. */
  readonly before?: (store: RedisStore) => Promise<unknown>;
  readonly create?: Partial<Create>;
  readonly caps?: TakeOptions['caps'];
  /** Whose job the worker is given, if any. */
  readonly given: RunId | undefined;
}

const queued = (store: RedisStore, ticket: Partial<Parameters<typeof aTicket>[1]> = {}, tenant = 'default'): Promise<unknown> =>
  store.log.create(aCreate(OTHER, { summary: aSummary(OTHER, { tenant }), enqueue: [aTicket(OTHER, ticket)] }));
const held = async (store: RedisStore): Promise<void> => {
  await queued(store);
  await store.queue.join({ id: 'wrk_2' as WorkerId });
  await store.queue.take('wrk_2' as WorkerId, { limit: 1, leaseMs: LEASE_MS });
};

describe('a run that is created, handed out and begun in one call', () => {
  it.each<[string, Case]>([
    ['nothing else is queued', { given: NEW }],
    ['it has more jobs than the worker has places', { create: { enqueue: [aTicket(NEW), aTicket(NEW, { job: 'second' }), aTicket(NEW, { job: 'later', notBefore: 1e13 })] }, given: NEW }],
    ['something else was queued before', { before: queued, given: OTHER }],
    ['something else has less priority', { before: (store) => queued(store, { priority: 'low' }), given: NEW }],
    ['it has less priority', { before: queued, create: { enqueue: [aTicket(NEW, { priority: 'low' })] }, given: OTHER }],
    ['something else is due later', { before: (store) => queued(store, { notBefore: 1e13 }), given: NEW }],
    ['it is due later', { create: { enqueue: [aTicket(NEW, { notBefore: 1e13 })] }, given: undefined }],
    ['another tenant has something queued', { before: (store) => queued(store, {}, 'acme'), given: OTHER }],
    ['its tenant holds something, and another has something queued', { before: async (store) => (await held(store), await store.queue.ensure([aTicket(OTHER, { job: 'next', notBefore: 1e12 })])), given: NEW }],
    ['there is no room', { before: held, caps: { total: 1 }, given: undefined }],
    ['its tenant has no room', { before: held, caps: { perTenant: 1 }, given: undefined }],
    ['only another tenant has room', { before: (store) => queued(store, {}, 'acme'), caps: { perTenant: 0, ofTenant: { acme: 1 } }, given: OTHER }],
  ])('leaves what the same in several calls leaves, when %s', async (_, { before, create, caps, given }) => {
    const left = await Promise.all(
      ([['at-once', {}], ['apart', { keysApart: true }]] as const).map(async ([name, interceptor]) => {
        const prefix = `${server.prefix}-${name}`;
        const store = await server.open({ prefix, clock: fakeClock(), presenceMs: 3_600_000, sweepMs: 3_600_000, interceptor });
        await before?.(store);
        await store.queue.join({ id: WORKER });
        const leases = await (name === 'apart' ? inSteps : atOnce)(store, aCreate(NEW, { enqueue: [aTicket(NEW)], ...create }), caps);
        await store.flushOutbox();
        return { leases: leases.map(({ id, token, until }) => ({ id, token, until })), keys: await keySpace(prefix) };
      }),
    );
    expect(left[0]?.leases.map(({ id }) => id.slice(0, given?.length))).toEqual(given === undefined ? [] : [given]);
    expect(left[0]).toEqual(left[1]);
  });
});

const beginning = { runId: NEW, at: 1, expected: 1, events: [aJobStarted({ worker: WORKER }), aStepStarted()], summary: aSummary(NEW, { status: 'running', startedAt: 1 }) } as const;

async function atOnce(store: RedisStore, create: Create, caps: TakeOptions['caps']): Promise<Lease[]> {
  const leases: Lease[] = [];
  const take = { limit: 1, leaseMs: LEASE_MS, ...(caps === undefined ? {} : { caps }) };
  store.queue.standBy?.(WORKER, () => take, (handed) => leases.push(...handed));
  await store.log.create(create, { ticket: toTicketId(aTicket(NEW)), worker: WORKER, append: beginning, begun: (lease) => leases.push(lease) });
  return leases;
}

async function inSteps(store: RedisStore, create: Create, caps: TakeOptions['caps']): Promise<Lease[]> {
  await store.log.create(create);
  const leases = await store.queue.take(WORKER, { limit: 1, leaseMs: LEASE_MS, ...(caps === undefined ? {} : { caps }) });
  const own = leases.find(({ id }) => id === toTicketId(aTicket(NEW)));
  if (own === undefined) return leases;
  const { id: ticket, token } = own;
  await store.log.append({ ...beginning, fence: { ticket, token }, events: [{ ...beginning.events[0], token }, beginning.events[1]] });
  return leases;
}

/** Everything under a prefix but what processes say of themselves, with names of hand-outs taken for one another. */
async function keySpace(prefix: string): Promise<Record<string, unknown>> {
  const { redis } = server;
  const keys = [...(await redis.keys(`{${prefix}}:*`)), ...(await redis.keys(`${prefix}:*`))].sort();
  const space = await Promise.all(
    keys.map(async (key) => {
      const values = async (): Promise<unknown> => {
        switch (await redis.type(key)) {
          case 'hash':
            return { ...(await redis.hgetall(key)), ...((await redis.hexists(key, 'taking')) === 1 ? { taking: 'one' } : {}) };
          case 'zset':
            return await redis.zrange(key, 0, '-1', 'WITHSCORES');
          case 'set':
            return (await redis.smembers(key)).sort();
          case 'list':
            return await redis.lrange(key, 0, -1);
          default:
            return await redis.get(key);
        }
      };
      return [key.replace(prefix, ''), await values()] as const;
    }),
  );
  return Object.fromEntries(space.filter(([key]) => !/:(processes|sweeper)$/.test(key)));
}
