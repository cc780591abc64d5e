import { type RedisServer as BareServer, startRedisServer as startBareServer } from '@kb-labs/testkit';
import { Redis } from 'ioredis';

export interface RedisServer extends BareServer {
  /** Asks it something, on a connection of its own. */
  command(name: string, ...args: readonly string[]): Promise<unknown>;
}

/** A server of the test's own that can be asked things. */
export async function startRedisServer(settings: Readonly<Record<string, string>> = {}): Promise<RedisServer> {
  const server = await startBareServer(settings);
  const command = async (name: string, ...args: readonly string[]): Promise<unknown> => {
    const redis = new Redis(server.port, '127.0.0.1');
    try {
      return await redis.call(name, ...args);
    } finally {
      redis.disconnect();
    }
  };
  return Object.defineProperty({ ...server, command }, 'pid', { get: () => server.pid });
}
