import { catalogSuite, claimsSuite, eventLogSuite, fakeClock, jobQueueSuite, rateLimitsSuite, recordsSuite, retentionSuite, stepLogsSuite, type StoreUnderTest } from '@kb-labs/testkit';
import { Cluster } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { checkRedis, openRedisStore, type RedisConnection, type RedisStore } from './index.js';
import { type RedisServer, startRedisServer } from './redis-server.fixture.js';

const SLOTS = 16_384;
const NODES = 3;

let nodes: RedisServer[] = [];
let stores = 0;

const cluster: RedisConnection = {
  connect: (settings) => new Cluster(nodes.map(({ port }) => ({ host: '127.0.0.1', port })), { ...settings.cluster, redisOptions: settings.redis }),
};

beforeAll(async () => {
  nodes = await Promise.all(Array.from({ length: NODES }, () => startRedisServer({ 'cluster-enabled': 'yes' })));
  for (const [index, node] of nodes.entries()) {
    const [from, to] = [Math.ceil((index * SLOTS) / NODES), Math.ceil(((index + 1) * SLOTS) / NODES)];
    await node.command('CLUSTER', 'ADDSLOTS', ...Array.from({ length: to - from }, (_, slot) => String(from + slot)));
    await node.command('CLUSTER', 'SET-CONFIG-EPOCH', String(index + 1));
  }
  for (const { port } of nodes.slice(1)) await nodes[0]?.command('CLUSTER', 'MEET', '127.0.0.1', String(port));
  const patience = AbortSignal.timeout(20_000);
  for (const node of nodes) {
    const isWhole = async (): Promise<boolean> => /cluster_state:ok[\s\S]*cluster_known_nodes:3/.test(String(await node.command('CLUSTER', 'INFO')));
    while (!(await isWhole())) {
      if (patience.aborted) throw new Error('the nodes did not become a cluster');
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
});
afterAll(async () => {
  for (const node of nodes) await node.stop();
});

async function makeStore(): Promise<StoreUnderTest> {
  const clock = fakeClock();
  const prefix = `case-${String((stores += 1))}`;
  const opened: RedisStore[] = [];
  const open = async (): Promise<RedisStore> => {
    const store = await openRedisStore({ connection: cluster, prefix, clock, presenceMs: 3_600_000 });
    opened.push(store);
    return store;
  };
  return {
    ...(await open()),
    clock,
    second: open,
    async close() {
      for (const store of opened) await store.close();
    },
  };
}

const runner = { describe, it };
eventLogSuite('redis cluster', makeStore, runner);
jobQueueSuite('redis cluster', makeStore, runner);
stepLogsSuite('redis cluster', makeStore, runner);
claimsSuite('redis cluster', makeStore, runner);
catalogSuite('redis cluster', makeStore, runner);
recordsSuite('redis cluster', makeStore, runner);
rateLimitsSuite('redis cluster', makeStore, runner);
retentionSuite('redis cluster', makeStore, runner);

describe('a cluster', () => {
  it('is used by all of its nodes', async () => {
    const sizes = await Promise.all(nodes.map(async (node) => Number(await node.command('DBSIZE'))));
    expect(sizes.every((size) => size > 0)).toBe(true);
  });

  it('is checked node by node', async () => {
    await expect(checkRedis(cluster)).resolves.toBeUndefined();
    await nodes[2]?.command('CONFIG', 'SET', 'appendonly', 'no');
    await expect(checkRedis(cluster)).rejects.toMatchObject({ code: 'STATE_UNSAFE' });
    await nodes[2]?.command('CONFIG', 'SET', 'appendonly', 'yes');
  });
});
