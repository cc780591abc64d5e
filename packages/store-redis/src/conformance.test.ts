import { catalogSuite, claimsSuite, eventLogSuite, fakeClock, jobQueueSuite, rateLimitsSuite, recordsSuite, retentionSuite, stepLogsSuite, type StoreUnderTest } from '@kb-labs/testkit';
import { afterAll, beforeAll, describe, it } from 'vitest';

import { openRedisStore, type RedisStore } from './index.js';
import { type RedisServer, startRedisServer } from './redis-server.fixture.js';

let server: RedisServer;
let stores = 0;

beforeAll(async () => {
  server = await startRedisServer();
});
afterAll(() => server.stop());

/** Each case has keys of its own. The clock of the cases stands still while commands travel, so silence must not count. */
async function makeStore(): Promise<StoreUnderTest> {
  const clock = fakeClock();
  const prefix = `case-${String((stores += 1))}`;
  const opened: RedisStore[] = [];
  const open = async (): Promise<RedisStore> => {
    const store = await openRedisStore({ connection: { url: server.url }, prefix, clock, presenceMs: 3_600_000 });
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
eventLogSuite('redis', makeStore, runner);
jobQueueSuite('redis', makeStore, runner);
stepLogsSuite('redis', makeStore, runner);
claimsSuite('redis', makeStore, runner);
catalogSuite('redis', makeStore, runner);
recordsSuite('redis', makeStore, runner);
rateLimitsSuite('redis', makeStore, runner);
retentionSuite('redis', makeStore, runner);
