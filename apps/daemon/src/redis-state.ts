import { redisBlobs } from '@kb-labs/blobs/redis';
import type { Logger } from '@kb-labs/ports';
import { openRedisStore } from '@kb-labs/store-redis';

import { keyCallbacks } from './callbacks.js';
import type { ConfiguredRedis } from './config.js';
import type { State } from './state.js';

/** Everything durable in one Redis server: what processes on several machines share. Fails with a `STATE_*` error. */
export async function composeRedisState({ url, prefix, allowVolatile }: ConfiguredRedis, options: { logger: Logger; baseUrl: string }): Promise<State> {
  const store = await openRedisStore({ connection: { url }, prefix, allowVolatile, logger: options.logger });
  const blobs = redisBlobs({ connection: { url }, prefix });
  const close = async (): Promise<void> => {
    blobs.close();
    await store.close();
  };
  try {
    const key = await store.secret('callbacks');
    const { log, catalog, queue, claims, logs } = store;
    const callbacks = keyCallbacks({ baseUrl: options.baseUrl, keyToMake: () => key, keyToCheck: () => key });
    return { ports: { log, catalog, queue, claims, logs, blobs, callbacks }, check: () => store.check(), close };
  } catch (thrown) {
    await close();
    throw thrown;
  }
}
