import type { EngineDeps } from '@kb-labs/engine';
import { messageOf } from '@kb-labs/errors';
import { createRunner } from '@kb-labs/runner';
import { openRedisStore, type RedisStore } from '@kb-labs/store-redis';

import { engineOn, type OpenEngine, tell } from './open-engine.js';

/** What says that the server is away. Tests take it away, so it is not worth a line. */
const AWAY = [messageOf('STATE_UNAVAILABLE', { problem: '' }), 'ECONNRESET', 'ECONNREFUSED', 'EPIPE', 'enableOfflineQueue'];

/** An engine whose state is in Redis, whose tickets BullMQ delivers, and whose artifacts are in `dir`. Servers that keep no file are accepted. */
export async function openRedisEngine(url: string, options: OpenEngine): Promise<{ deps: EngineDeps; store: RedisStore }> {
  const connection = { url };
  const logger = { debug() {}, info() {}, warn: tellUnlessAway, error: tellUnlessAway };
  const opened = await openRedisStore({ connection, allowVolatile: true });
  const deps = engineOn(opened, options);
  const runner = createRunner({ queue: opened.queue, handOver: opened.handOver, connection, prefix: 'kb', clock: deps.clock, logger });
  const store: RedisStore = {
    ...opened,
    queue: runner.queue,
    close: async () => {
      await runner.close();
      await opened.close();
    },
  };
  return { deps: { ...deps, queue: runner.queue, logger }, store };
}

function tellUnlessAway(message: string, fields: object = {}): void {
  const text = JSON.stringify(fields);
  if (!AWAY.some((sign) => text.includes(sign))) tell(message, fields);
}
