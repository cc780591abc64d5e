import { startRedisServer } from '@kb-labs/testkit';
import { Cluster, Redis } from 'ioredis';
import { expect, it, onTestFinished } from 'vitest';

import type { RunnerConnection } from './index.js';
import { close, eventually, join, openOn, openRun, take } from './opened.fixture.js';

const SLOTS = 16_384;

it('keeps what BullMQ writes on one node of a cluster, which refuses whatever touches two slots', async () => {
  const node = await startRedisServer({ 'cluster-enabled': 'yes', 'cluster-announce-ip': '127.0.0.1' });
  const redis = new Redis(node.url);
  onTestFinished(async () => {
    redis.disconnect();
    await node.stop();
  });
  await redis.call('CLUSTER', 'ADDSLOTS', ...Array.from({ length: SLOTS }, (_, slot) => String(slot)));
  await eventually(async () => String(await redis.call('CLUSTER', 'INFO')).includes('cluster_state:ok'));
  await expect(redis.mset('a', '1', 'b', '1')).rejects.toThrow('CROSSSLOT');

  const connection: RunnerConnection = {
    connect: (settings) => new Cluster([{ host: '127.0.0.1', port: node.port }], { ...settings.cluster, redisOptions: settings.redis }),
  };
  const opened = await openOn(connection, 'kb');
  onTestFinished(() => close(opened));
  await openRun(opened, 'a', 'b');
  const worker = await join(opened.queue);
  expect((await take(opened.queue, worker, { limit: 1 })).map(({ job }) => job)).toEqual(['a']);
  const slots = await Promise.all((await redis.keys('{kb}:bull:*')).map((key) => redis.call('CLUSTER', 'KEYSLOT', key)));
  expect(slots.length).toBeGreaterThan(3);
  expect(new Set(slots).size).toBe(1);
  expect((await take(opened.queue, worker)).map(({ job }) => job)).toEqual(['b']);
}, 30_000);
