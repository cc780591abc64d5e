import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll } from 'vitest';

import type { RedisConnection } from './connect.js';
import { openRedisStore, type RedisStore, type RedisStoreOptions } from './index.js';
import { type Interceptor, intercepted } from './intercepted.fixture.js';
import { type RedisServer, startRedisServer } from './redis-server.fixture.js';

export interface SharedServer {
  readonly url: string;
  /** The keys of the case that runs begin with it. */
  readonly prefix: string;
  /** A connection of the case's own, for looking behind the store. */
  readonly redis: Redis;
  open(options?: Partial<RedisStoreOptions> & { interceptor?: Interceptor }): Promise<RedisStore>;
  connection(interceptor?: Interceptor): RedisConnection;
}

/** One server for the cases of a file, keys of its own for each of them; what a case opens is closed after it. */
export function sharedServer(settings: Readonly<Record<string, string>> = {}): SharedServer {
  let server: RedisServer | undefined;
  let redis: Redis | undefined;
  let cases = 0;
  const opened: RedisStore[] = [];
  const urlOf = (): string => {
    if (server === undefined) throw new Error('the server has not been started');
    return server.url;
  };
  beforeAll(async () => {
    server = await startRedisServer(settings);
    redis = new Redis(server.url);
  });
  afterEach(async () => {
    for (const store of opened.splice(0)) await store.close();
    cases += 1;
  });
  afterAll(async () => {
    redis?.disconnect();
    await server?.stop();
  });
  const shared: SharedServer = {
    get url() {
      return urlOf();
    },
    get prefix() {
      return `case-${String(cases)}`;
    },
    get redis() {
      if (redis === undefined) throw new Error('the server has not been started');
      return redis;
    },
    connection: (interceptor) => (interceptor === undefined ? { url: urlOf() } : intercepted(urlOf(), interceptor)),
    async open({ interceptor, ...options } = {}) {
      const store = await openRedisStore({ connection: shared.connection(interceptor), prefix: shared.prefix, ...options });
      opened.push(store);
      return store;
    },
  };
  return shared;
}
