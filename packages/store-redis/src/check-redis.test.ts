import { networkInterfaces } from 'node:os';

import { memoryLogger } from '@kb-labs/testkit';
import { Redis } from 'ioredis';
import { describe, expect, it, onTestFinished } from 'vitest';

import { flawsOf } from './check-redis.js';
import { checkRedis, openRedisStore } from './index.js';
import { type RedisServer, startRedisServer } from './redis-server.fixture.js';

describe('a server', () => {
  it('that keeps a file and evicts nothing is accepted', async () => {
    const server = await aServer({});
    await expect(checkRedis({ url: server.url })).resolves.toBeUndefined();
  });

  it('that could forget is refused with everything that is wrong and what to type, unless that is allowed', async () => {
    const server = await aServer({ appendonly: 'no', 'maxmemory-policy': 'allkeys-lru' });
    const refusal = {
      code: 'STATE_UNSAFE',
      message: expect.stringMatching(/append-only file.*allkeys-lru/) as string,
      hint: expect.stringMatching(/CONFIG SET appendonly yes.*CONFIG SET maxmemory-policy noeviction/) as string,
    };
    await expect(checkRedis({ url: server.url })).rejects.toMatchObject(refusal);
    await expect(openRedisStore({ connection: { url: server.url } })).rejects.toMatchObject(refusal);
    await expect(checkRedis({ url: server.url }, { allowVolatile: true })).resolves.toBeUndefined();
  });

  it('that syncs now and then is accepted, and what that can cost is said', async () => {
    const [lazy, logger] = [await aServer({}), memoryLogger()];
    await checkRedis({ url: lazy.url }, { logger });
    expect(logger.entries.map((entry) => [entry.level, entry.fields['setting']])).toEqual([['warn', 'appendfsync everysec']]);
    await lazy.command('CONFIG', 'SET', 'appendfsync', 'always');
    await checkRedis({ url: lazy.url }, { logger });
    expect(logger.entries).toHaveLength(1);
  });

  it('that is too old is refused, whatever is allowed', () => {
    const info = (version: string): Map<string, string> => new Map([['redis_version', version], ['aof_enabled', '1'], ['maxmemory_policy', 'noeviction']]);
    const fixes = (version: string): number => flawsOf(info(version), { allowVolatile: true }).length;
    expect(['5.0.14', '6.0.20', '6.2.0', '6.10.1', '7.0.15', '10.0.0'].map(fixes)).toEqual([1, 1, 0, 0, 0, 0]);
  });

  it('that anybody can reach has to ask for a password', async ({ skip }) => {
    const address = Object.values(networkInterfaces()).flat().find((each) => each?.family === 'IPv4' && !each.internal)?.address;
    if (address === undefined) return skip('this machine has no address but loopback');
    const open = await aServer({ bind: `127.0.0.1 ${address}`, 'protected-mode': 'no' });
    const at = (server: RedisServer, credentials = ''): { url: string } => ({ url: `redis://${credentials}${address}:${String(server.port)}` });
    await expect(checkRedis(at(open))).rejects.toMatchObject({ code: 'STATE_UNSAFE', hint: expect.stringContaining('requirepass') as string });
    await expect(checkRedis({ url: open.url })).resolves.toBeUndefined();
    const closed = await aServer({ bind: `127.0.0.1 ${address}`, requirepass: 'open sesame' });
    await expect(checkRedis(at(closed, ':open%20sesame@'))).resolves.toBeUndefined();
    await expect(checkRedis(at(closed))).rejects.toMatchObject({ code: 'STATE_UNAVAILABLE', message: expect.stringContaining('asks for a password') as string });
  });

  it('that is not there cannot be reached', async () => {
    const server = await aServer({});
    await server.kill();
    await expect(checkRedis({ url: server.url })).rejects.toMatchObject({ code: 'STATE_UNAVAILABLE', message: expect.stringContaining('ECONNREFUSED') as string });
  });

  it('without a database of that number is refused, and not used in the first one', async () => {
    const server = await aServer({});
    await expect(checkRedis({ url: `${server.url}/99` })).rejects.toMatchObject({ code: 'STATE_UNAVAILABLE', message: expect.stringContaining('out of range') as string });
    await expect(checkRedis({ url: `${server.url}/3` })).resolves.toBeUndefined();
  });

  it('whose keys are of another version is refused', async () => {
    const server = await aServer({});
    const store = await openRedisStore({ connection: { url: server.url } });
    await store.close();
    const redis = new Redis(server.url);
    await redis.hset('{kb}:meta', 'schema', '99');
    redis.disconnect();
    await expect(openRedisStore({ connection: { url: server.url } })).rejects.toMatchObject({ code: 'STATE_SCHEMA', message: expect.stringContaining('99') as string });
    await (await openRedisStore({ connection: { url: server.url }, prefix: 'another' })).close();
  });
});

async function aServer(settings: Readonly<Record<string, string>>): Promise<RedisServer> {
  const server = await startRedisServer(settings);
  onTestFinished(() => server.stop());
  return server;
}
