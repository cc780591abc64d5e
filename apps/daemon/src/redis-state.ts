import { redisBlobs } from '@kb-labs/blobs/redis';
import type { Blobs, Clock, Logger } from '@kb-labs/ports';
import { createRunner } from '@kb-labs/runner';
import { openRedisStore } from '@kb-labs/store-redis';

import { keyCallbacks } from './callbacks.js';
import type { ConfiguredRedis } from './config.js';
import type { State } from './state.js';
import { systemClock } from './system-clock.js';

/** Everything durable in one Redis server, artifacts too unless `blobs` keeps them: what processes on several machines share. Fails with a `STATE_*` error. */
export async function composeRedisState({ url, prefix, allowVolatile }: ConfiguredRedis, options: { logger: Logger; baseUrl: string; blobs?: Blobs }): Promise<State> {
  const store = await openRedisStore({ connection: { url }, prefix, allowVolatile, logger: options.logger });
  const { handOver } = store;
  const clock: Clock = { ...systemClock, now: () => store.now() };
  const runner = createRunner({ queue: store.queue, handOver, connection: { url }, prefix, clock, logger: options.logger });
  // Connects with the first artifact, so not at all where others keep them.
  const ownBlobs = redisBlobs({ connection: { url }, prefix });
  const blobs = options.blobs ?? ownBlobs;
  const close = async (): Promise<void> => {
    ownBlobs.close();
    await runner.close();
    await store.close();
  };
  try {
    const key = await store.secret('callbacks');
    const { log, catalog, claims, logs, records, rateLimits, retention } = store;
    const callbacks = keyCallbacks({ baseUrl: options.baseUrl, keyToMake: () => key, keyToCheck: () => key });
    return { ports: { log, catalog, queue: runner.queue, claims, logs, blobs, callbacks, records, rateLimits, retention }, clock, check: () => store.check(), close };
  } catch (thrown) {
    await close();
    throw thrown;
  }
}
