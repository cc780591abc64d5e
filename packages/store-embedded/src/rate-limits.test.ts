import { existsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { aCreate, countingIds, fakeClock } from '@kb-labs/testkit';
import { expect, it } from 'vitest';

import { openEmbeddedStore } from './index.js';
import { temporaryDir } from './temporary-dir.fixture.js';
import { countCommits } from './wal-commits.fixture.js';

const BUCKET = { key: 'caller', capacity: 2, perSecond: 0.001 };

it('keeps buckets in a file of their own, for their owner only, and does not touch the state', async () => {
  const dir = temporaryDir();
  const store = await openEmbeddedStore({ dir, clock: fakeClock() });
  await store.log.create(aCreate(countingIds().runId()));
  const before = countCommits(dir);
  expect(existsSync(join(dir, 'rates.db'))).toBe(false);
  for (let call = 0; call < 300; call += 1) await store.rateLimits.take(1, [{ ...BUCKET, key: String(call) }]);
  expect(countCommits(dir)).toBe(before);
  expect(statSync(join(dir, 'rates.db')).mode & 0o777).toBe(0o600);
  await store.close();
  await expect(store.rateLimits.take(1, [BUCKET])).rejects.toMatchObject({ code: 'STATE_UNAVAILABLE' });
});

it('goes on counting after a restart, and with full buckets when the file is damaged', async () => {
  const dir = temporaryDir();
  const take = async (): Promise<unknown> => {
    const store = await openEmbeddedStore({ dir, clock: fakeClock() });
    const answer = await store.rateLimits.take(2, [BUCKET]);
    await store.close();
    return answer;
  };
  expect(await take()).toMatchObject({ ok: true });
  expect(await take()).toMatchObject({ ok: false });
  writeFileSync(join(dir, 'rates.db'), 'not a database, but long enough to be looked at as one'.repeat(100));
  expect(await take()).toMatchObject({ ok: true });
});
