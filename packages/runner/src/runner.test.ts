import { openRedisStore } from '@kb-labs/store-redis';
import { describe, expect, it, onTestFinished } from 'vitest';

import { createRunner } from './create-runner.js';
import { toJobId } from './delivery.js';
import { close, eventually, join, openedServer, openRun, take } from './opened.fixture.js';

const at = openedServer();

describe('a worker of all runs', () => {
  it('is given what BullMQ brings, by priority, and leaves nothing there', async () => {
    const opened = await at.open();
    const runId = await openRun(opened, 'a', 'b', 'odd: 50% {x}');
    const worker = await join(opened.queue);
    const [first, ...rest] = [...(await take(opened.queue, worker, { limit: 1 })), ...(await take(opened.queue, worker))];
    expect([first, ...rest].map((lease) => [lease?.runId, lease?.job])).toEqual([[runId, 'a'], [runId, 'b'], [runId, 'odd: 50% {x}']]);
    await eventually(async () => (await at.jobKeys()).length === 0);
    expect(await at.redis.llen(`{${at.prefix}}:bull:tickets:active`)).toBe(0);
  });

  it('finds the tickets that another one offered and left', async () => {
    const [one, two] = [await at.open(), await at.open()];
    await openRun(one, ...Array.from({ length: 10 }, (_, index) => `job-${String(index)}`));
    expect(await take(one.queue, await join(one.queue), { limit: 1 })).toHaveLength(1);
    expect((await at.jobKeys()).length).toBeGreaterThanOrEqual(9);
    expect(await take(two.queue, await join(two.queue))).toHaveLength(9);
  });

  it('takes what is new from the store itself while it keeps up, and what BullMQ brings when it does not', async () => {
    const opened = await at.open();
    const worker = await join(opened.queue);
    const everAdded = (): Promise<string | null> => at.redis.get(`{${at.prefix}}:bull:tickets:pc`);
    expect(await take(opened.queue, worker)).toEqual([]);
    await openRun(opened, 'a', 'b');
    expect((await take(opened.queue, worker)).map(({ job }) => job)).toEqual(['a', 'b']);
    expect(await everAdded()).toBeNull();
    await openRun(opened, 'c', 'd', 'e', 'f');
    expect((await take(opened.queue, worker, { limit: 1 })).map(({ job }) => job)).toEqual(['c']);
    expect(await everAdded()).toBeNull();
    expect((await take(opened.queue, worker, { limit: 1 })).map(({ job }) => job)).toEqual(['d']);
    expect(await everAdded()).toBe('3');
    expect((await take(opened.queue, worker)).map(({ job }) => job)).toEqual(['e', 'f']);
    await eventually(async () => (await at.jobKeys()).length === 0);
  });

  it('takes a backlog from the store itself while no other process has workers', async () => {
    const everAdded = (): Promise<string | null> => at.redis.get(`{${at.prefix}}:bull:tickets:pc`);
    const store = await openRedisStore({ connection: { url: at.server.url }, prefix: at.prefix, presenceMs: 300 });
    const alone = createRunner({ queue: store.queue, handOver: store.handOver, connection: { url: at.server.url }, prefix: at.prefix, clock: { now: Date.now } });
    onTestFinished(() => close({ store, runner: alone }));
    const worker = await join(alone.queue);
    await take(alone.queue, worker);
    await openRun({ store }, 'a', 'b', 'c', 'd', 'e', 'f');
    for (const job of ['a', 'b', 'c']) expect((await take(alone.queue, worker, { limit: 1 })).map((lease) => lease.job)).toEqual([job]);
    expect(await everAdded()).toBeNull();
    const opened = await at.open();
    await join(opened.queue);
    await eventually(() => Promise.resolve(store.handOver.isShared()));
    expect((await take(alone.queue, worker, { limit: 1 })).map((lease) => lease.job)).toEqual(['d']);
    expect(await everAdded()).toBe('3');
  });

  it('drops what another one put into BullMQ and did not fetch, once it goes there again', async () => {
    const [one, two] = [await at.open(), await at.open()];
    const [idle, busy] = [await join(one.queue), await join(two.queue)];
    await take(one.queue, idle);
    await openRun(two, 'a', 'b', 'c');
    await take(two.queue, busy, { limit: 1 });
    await eventually(async () => (await at.jobKeys()).length === 2);
    expect((await take(one.queue, idle)).map(({ job }) => job)).toEqual(['b', 'c']);
    expect(await take(two.queue, busy)).toEqual([]);
    await eventually(async () => (await at.jobKeys()).length === 0);
  });

  it('is not given again what a worker with a scope has taken meanwhile', async () => {
    const opened = await at.open();
    const runId = await openRun(opened, 'a', 'b', 'c');
    const [general, scoped] = [await join(opened.queue), await join(opened.queue, runId)];
    expect(await take(opened.queue, general, { limit: 1 })).toHaveLength(1);
    expect((await take(opened.queue, scoped, { limit: 1 })).map(({ job }) => job)).toEqual(['b']);
    expect((await take(opened.queue, general)).map(({ job }) => job)).toEqual(['c']);
    await eventually(async () => (await at.jobKeys()).length === 0);
  });

  it('keeps to the caps, and is given what there was no room for when there is', async () => {
    const opened = await at.open();
    await openRun(opened, 'a', 'b', 'c');
    const worker = await join(opened.queue);
    const caps = { total: 1 };
    // Offered by one that knows of no caps.
    const [first] = await take(opened.queue, await join(opened.queue), { limit: 1 });
    expect(await take(opened.queue, worker, { caps })).toEqual([]);
    await eventually(async () => (await at.jobKeys()).length === 0);
    for (const job of ['b', 'c']) {
      await opened.queue.discard(first === undefined ? [] : await heldBy(opened.queue, first.runId));
      expect((await take(opened.queue, worker, { caps })).map((lease) => lease.job)).toEqual([job]);
    }
  });

  it('hears when it makes sense to ask again, and not at once, while due tickets are in the hands of others', async () => {
    const opened = await at.open();
    await openRun(opened, 'a', 'b');
    const worker = await join(opened.queue);
    await take(opened.queue, worker, { limit: 1 });
    expect(await opened.queue.nextDue(worker)).toBeLessThanOrEqual(Date.now());
    const before = Date.now();
    await take(opened.queue, worker, { caps: { total: 1 } });
    expect(await opened.queue.nextDue(worker)).toBeGreaterThanOrEqual(before + 50);
  });
});

it('looks for jobs of the dead when a worker takes tickets, not before', async () => {
  const checked = (): Promise<number> => at.redis.exists(`{${at.prefix}}:bull:tickets:stalled-check`);
  const opened = await at.open();
  const worker = await join(opened.queue);
  expect(await checked()).toBe(0);
  await take(opened.queue, worker);
  expect(await checked()).toBe(1);
});

describe('the connections', () => {
  it('are one for all workers of a process, made for the first of all runs, and none after closing', async () => {
    const clients = async (): Promise<number> => ((await at.redis.client('LIST')) as string).trim().split('\n').length;
    const opened = await at.open();
    const before = await clients();
    const runId = await openRun(opened, 'a');
    await take(opened.queue, await join(opened.queue, runId));
    expect(await clients()).toBe(before);
    await take(opened.queue, await join(opened.queue));
    await take(opened.queue, await join(opened.queue));
    expect(await clients()).toBe(before + 1);
    await opened.runner.close();
    await eventually(async () => (await clients()) === before);
    await expect(join(opened.queue)).rejects.toMatchObject({ code: 'STATE_UNAVAILABLE' });
    await close(opened);
  });
});

it('names a hand-over in a way BullMQ takes, each differently', () => {
  const tickets = ['run_1.a:b.1.0', 'run_1.a%3Ab.1.0', 'run_1.a%b.1.0'] as Parameters<typeof toJobId>[0][];
  const names = tickets.flatMap((ticket) => [toJobId(ticket, 1), toJobId(ticket, 2)]);
  expect(new Set(names).size).toBe(6);
  expect(names.join('')).not.toContain(':');
});

async function heldBy(queue: Parameters<typeof take>[0], runId: Parameters<typeof queue.ticketsOf>[0]): Promise<Parameters<typeof queue.discard>[0]> {
  const tickets = await queue.ticketsOf(runId);
  return tickets.flatMap(({ lease, ...ticket }) => (lease === undefined ? [] : [{ ...ticket, ...lease }]));
}
