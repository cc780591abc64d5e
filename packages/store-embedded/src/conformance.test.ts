import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { catalogSuite, claimsSuite, eventLogSuite, fakeClock, jobQueueSuite, rateLimitsSuite, recordsSuite, retentionSuite, stepLogsSuite, type StoreUnderTest } from '@kb-labs/testkit';
import { describe, it } from 'vitest';

import { type EmbeddedStore, openEmbeddedStore } from './index.js';

async function makeStore(): Promise<StoreUnderTest> {
  const dir = await mkdtemp(join(tmpdir(), 'kb-store-'));
  const clock = fakeClock();
  const opened: EmbeddedStore[] = [];
  const open = async (): Promise<EmbeddedStore> => {
    const store = await openEmbeddedStore({ dir, clock });
    opened.push(store);
    return store;
  };
  return {
    ...(await open()),
    clock,
    second: open,
    async close() {
      for (const store of opened) await store.close();
      await rm(dir, { recursive: true });
    },
  };
}

const runner = { describe, it };
eventLogSuite('embedded', makeStore, runner);
jobQueueSuite('embedded', makeStore, runner);
stepLogsSuite('embedded', makeStore, runner);
claimsSuite('embedded', makeStore, runner);
catalogSuite('embedded', makeStore, runner);
recordsSuite('embedded', makeStore, runner);
rateLimitsSuite('embedded', makeStore, runner);
retentionSuite('embedded', makeStore, runner);
