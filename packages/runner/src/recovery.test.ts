import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import { spawnSource, startRedisServer } from '@kb-labs/testkit';
import { describe, expect, it, onTestFinished } from 'vitest';

import { close, eventually, join, openedServer, openOn, openRun, take, takeSoon } from './opened.fixture.js';

const at = openedServer();

describe('what was on its way', () => {
  it('is brought again after a worker died between getting it and taking it', async () => {
    const opened = await at.open();
    await openRun(opened, 'a', 'b', 'c');
    const child = spawnSource(fileURLToPath(new URL('./dying-worker.fixture.ts', import.meta.url)), [at.server.url, at.prefix]);
    const [, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
    expect(signal).toBe('SIGKILL');
    // In the hands of the dead one, as far as BullMQ knows.
    expect(await at.redis.llen(`{${at.prefix}}:bull:tickets:active`)).toBe(2);
    const worker = await join(opened.queue);
    expect((await take(opened.queue, worker)).map(({ job }) => job)).toEqual(['c']);
    expect(await takeSoon(opened.queue, worker, 2)).toHaveLength(2);
    // BullMQ finds out later, and what it brings then is dropped.
    await eventually(async () => {
      await take(opened.queue, worker);
      return (await at.jobKeys()).length === 0;
    });
  }, 30_000);

  it('is brought again after everything BullMQ kept is gone', async () => {
    const opened = await at.open();
    await openRun(opened, 'a', 'b', 'c');
    const worker = await join(opened.queue);
    await take(opened.queue, worker, { limit: 1 });
    await at.redis.del(await at.redis.keys(`{${at.prefix}}:bull:*`));
    expect(await take(opened.queue, worker)).toEqual([]);
    expect(await takeSoon(opened.queue, worker, 2)).toHaveLength(2);
  }, 30_000);

  it('is brought again when BullMQ has the ids of its jobs and nothing else of them', async () => {
    const opened = await at.open();
    await openRun(opened, 'a', 'b', 'c');
    const worker = await join(opened.queue);
    await take(opened.queue, worker, { limit: 1 });
    await eventually(async () => (await at.jobKeys()).length === 2);
    await at.redis.del(await at.jobKeys());
    expect(await takeSoon(opened.queue, worker, 2)).toHaveLength(2);
    await eventually(async () => (await at.jobKeys()).length === 0);
  }, 30_000);

  it('is brought again when it was offered and never put into BullMQ', async () => {
    const opened = await at.open();
    await openRun(opened, 'a');
    const worker = await join(opened.queue);
    expect(await opened.store.handOver.offer({ window: 1 })).toHaveLength(1);
    expect(await takeSoon(opened.queue, worker, 1)).toHaveLength(1);
  }, 30_000);
});

describe('a server that is away', () => {
  it('is reported within moments, to who joins and to who takes, and used again when it is back', async () => {
    const server = await startRedisServer({ appendfsync: 'always' });
    const opened = await openOn({ url: server.url }, 'kb');
    onTestFinished(async () => {
      await close(opened);
      await server.stop();
    });
    const worker = await join(opened.queue);
    await openRun(opened, 'a');
    await server.kill();
    const late = await openLate(server.url, opened);
    for (const act of [() => take(opened.queue, worker), () => join(late.queue)]) {
      const started = performance.now();
      await expect(act()).rejects.toMatchObject({ code: 'STATE_UNAVAILABLE' });
      // Two seconds are allowed; ten tell it from a queue that waits for the connection.
      expect(performance.now() - started).toBeLessThan(10_000);
    }
    await server.restart();
    await expect.poll(async () => (await take(opened.queue, worker).catch(() => [])).length, { timeout: 20_000, interval: 50 }).toBe(1);
    await join(late.queue);
    await late.runner.close();
  }, 60_000);

  it('is given up when it takes calls and does not answer, and used again when it does', async () => {
    const server = await startRedisServer();
    const opened = await openOn({ url: server.url }, 'kb', { answerWithinMs: 200 });
    onTestFinished(async () => {
      await close(opened);
      await server.stop();
    });
    const worker = await join(opened.queue);
    await openRun(opened, 'a');
    process.kill(server.pid, 'SIGSTOP');
    try {
      await expect(take(opened.queue, worker)).rejects.toMatchObject({ code: 'STATE_UNAVAILABLE' });
    } finally {
      process.kill(server.pid, 'SIGCONT');
    }
    await expect.poll(async () => (await take(opened.queue, worker).catch(() => [])).length, { timeout: 20_000, interval: 50 }).toBe(1);
  }, 60_000);

  it('that is full is called full', async () => {
    const server = await startRedisServer();
    const opened = await openOn({ url: server.url }, 'kb');
    onTestFinished(async () => {
      await close(opened);
      await server.stop();
    });
    const worker = await join(opened.queue);
    await openRun(opened, 'a');
    const { Redis } = await import('ioredis');
    const redis = new Redis(server.url);
    onTestFinished(() => redis.disconnect());
    await redis.config('SET', 'maxmemory', '100kb');
    await expect(take(opened.queue, worker)).rejects.toMatchObject({ code: 'STATE_FULL' });
    await redis.config('SET', 'maxmemory', '0');
    expect(await takeSoon(opened.queue, worker, 1)).toHaveLength(1);
  }, 60_000);
});

/** A runner of a process that meets the server only when it is away. */
async function openLate(url: string, { store }: Awaited<ReturnType<typeof openOn>>): Promise<Pick<Awaited<ReturnType<typeof openOn>>, 'queue' | 'runner'>> {
  const { createRunner } = await import('./index.js');
  const runner = createRunner({ queue: store.queue, handOver: store.handOver, connection: { url }, prefix: 'kb', clock: { now: Date.now } });
  return { runner, queue: runner.queue };
}
