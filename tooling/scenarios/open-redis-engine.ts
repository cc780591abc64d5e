import type { EngineDeps } from '@kb-labs/engine';
import { messageOf } from '@kb-labs/errors';
import { openRedisStore, type RedisStore } from '@kb-labs/store-redis';

import { engineOn, type OpenEngine, tell } from './open-engine.js';

/** What says that the server is away. Tests take it away, so it is not worth a line. */
const AWAY = messageOf('STATE_UNAVAILABLE', { problem: '' });

/** An engine whose state is in Redis and whose artifacts are in `dir`. Servers that keep no file are accepted. */
export async function openRedisEngine(url: string, options: OpenEngine): Promise<{ deps: EngineDeps; store: RedisStore }> {
  const store = await openRedisStore({ connection: { url }, allowVolatile: true });
  return { deps: { ...engineOn(store, options), logger: { debug() {}, info() {}, warn: tellUnlessAway, error: tellUnlessAway } }, store };
}

function tellUnlessAway(message: string, fields: object = {}): void {
  if (!JSON.stringify(fields).includes(AWAY)) tell(message, fields);
}
