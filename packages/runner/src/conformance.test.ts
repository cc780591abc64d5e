import type { JobQueue } from '@kb-labs/ports';
import { openRedisStore } from '@kb-labs/store-redis';
import { claimsSuite, eventLogSuite, fakeClock, jobQueueSuite, type RedisServer, startRedisServer, type StoreUnderTest, type TestRunner } from '@kb-labs/testkit';
import { afterAll, beforeAll, describe, it } from 'vitest';

import { createRunner } from './index.js';
import { asShared } from './opened.fixture.js';

let server: RedisServer;
let stores = 0;

beforeAll(async () => {
  server = await startRedisServer();
});
afterAll(() => server.stop());

/** The clock of the cases stands still while commands travel, so silence must not count. */
function storesWith(dress: (queue: JobQueue) => JobQueue): () => Promise<StoreUnderTest> {
  return async () => {
    const clock = fakeClock();
    const prefix = `case-${String((stores += 1))}`;
    const connection = { url: server.url };
    const closers: (() => Promise<void>)[] = [];
    const open = async (): Promise<Omit<StoreUnderTest, 'clock' | 'second' | 'close'>> => {
      const store = await openRedisStore({ connection, prefix, clock, presenceMs: 3_600_000 });
      const runner = createRunner({ queue: store.queue, handOver: asShared(store.handOver), connection, prefix, clock });
      closers.push(async () => {
        await runner.close();
        await store.close();
      });
      return { ...store, queue: dress(runner.queue) };
    };
    return {
      ...(await open()),
      clock,
      second: open,
      async close() {
        for (const close of closers) await close();
      },
    };
  };
}

const all = { describe, it };
const asItIs = storesWith((queue) => queue);
jobQueueSuite('bullmq', asItIs, all);
eventLogSuite('bullmq', asItIs, all);
claimsSuite('bullmq', asItIs, all);

/** Cases in which it matters that a worker serves some runs only. */
const ABOUT_SCOPES = [
  'gives a worker only tickets of the runs it serves',
  'serves the whole tree below a run',
  'says which runs have a live worker',
  'says when the next ticket falls due',
  'hands out no more than a tenant may hold at once',
  'extends the leases that are still valid',
  'parks the tickets that an append queues',
];
const delivered: TestRunner = { describe, it: (name, test) => (ABOUT_SCOPES.some((start) => name.startsWith(start)) ? undefined : it(name, test)) };

/** Each case has a server's worth of keys to itself, so a worker of its runs may as well be one of all runs. */
const toEverybody = storesWith((queue) => ({ ...queue, join: ({ id }) => queue.join({ id }) }));
jobQueueSuite('bullmq, every worker', toEverybody, delivered);
claimsSuite('bullmq, every worker', toEverybody, delivered);
