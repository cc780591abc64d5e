import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { fileBlobs } from '@kb-labs/blobs';
import type { RunId, RunSummary } from '@kb-labs/contracts';
import type { EngineDeps } from '@kb-labs/engine';
import { openEmbeddedStore } from '@kb-labs/store-embedded';
import { aCreate, aRunFinished, aSummary, countingIds, fakeClock, memoryLogger } from '@kb-labs/testkit';
import { describe, expect, it, onTestFinished } from 'vitest';

import { readTiers } from './configured-tiers.js';
import { startRetentionSweeper } from './retention-sweeper.js';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

async function open() {
  const dir = mkdtempSync(join(tmpdir(), 'kb-sweep-'));
  const clock = fakeClock();
  const store = await openEmbeddedStore({ dir, clock });
  onTestFinished(async () => {
    await store.close();
    rmSync(dir, { recursive: true, force: true });
  });
  const ids = countingIds();
  const logger = memoryLogger();
  const blobs = fileBlobs({ dir: join(dir, 'blobs') });
  const deps = { ...store, blobs, clock, ids, logger } as unknown as EngineDeps;
  const add = async (tenant: string, summary: Partial<RunSummary> = {}): Promise<RunId> => {
    const runId = ids.runId();
    await store.log.create(aCreate(runId, { at: clock.now(), summary: aSummary(runId, { tenant, createdAt: clock.now(), ...summary }) }));
    return runId;
  };
  const end = async (runId: RunId, tenant: string): Promise<void> => {
    const summary = aSummary(runId, { tenant, status: 'success', startedAt: clock.now(), finishedAt: clock.now() });
    const result = await store.log.append({ runId, expected: 1, at: clock.now(), events: [aRunFinished()], summary });
    if (!result.ok) throw new Error(result.refused);
  };
  return { deps, clock, logger, store, add, end };
}

describe('the sweeper', () => {
  it('removes runs of a tenant once they are too old, a minute after the start and then every hour, and no open run', async () => {
    const { deps, clock, logger, store, add, end } = await open();
    const start = clock.now();
    const [old, opened, theirs] = [await add('acme'), await add('acme'), await add('other')];
    await end(old, 'acme');
    await end(theirs, 'other');
    await clock.advance(2 * DAY);
    const young = await add('acme');
    await end(young, 'acme');
    const tiers = readTiers({ tiers: { short: { retention: { runs: { age: '1d' } } } }, tenants: { acme: 'short' } });
    const sweeper = startRetentionSweeper(deps, tiers);
    onTestFinished(() => sweeper.stop());
    const there = async (): Promise<boolean[]> => Promise.all([old, opened, theirs, young].map(async (id) => (await store.catalog.getRun(id)) !== undefined));
    await clock.advance(MINUTE - 1);
    expect(await there()).toEqual([true, true, true, true]);
    await clock.advance(1);
    await until(() => logger.entries.length > 0);
    expect(await there()).toEqual([false, true, true, true]);
    expect(logger.entries).toMatchObject([{ message: 'removed what was kept long enough', fields: { runs: 1, logs: 0, artifacts: 0 } }]);

    // What the time has brought goes on in turns of its own.
    await until(async () => {
      await clock.advance(10 * MINUTE);
      return (await there())[3] === false;
    });
    expect(clock.now() - start).toBeGreaterThan(3 * DAY);
    expect(clock.now() - start).toBeLessThan(3 * DAY + 2 * 60 * MINUTE);
    expect(await there()).toEqual([false, true, true, false]);
  });

  it('tells that it failed, and goes on', async () => {
    const { deps, clock, logger } = await open();
    let down = true;
    const retention = { ...deps.retention, tenants: () => (down ? Promise.reject(new Error('down')) : Promise.resolve([])) };
    const sweeper = startRetentionSweeper({ ...deps, retention, blobs: { ...deps.blobs } }, readTiers({}));
    await clock.advance(MINUTE);
    await until(() => logger.entries.length > 0);
    expect(logger.entries).toMatchObject([{ level: 'error', message: 'what was kept long enough cannot be removed' }]);
    down = false;
    await sweeper.stop();
    await clock.advance(DAY);
    expect(logger.entries).toHaveLength(1);
  });
});

async function until(what: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await what())) await new Promise(setImmediate);
}
