import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { EngineDeps } from '@kb-labs/engine';
import { openEmbeddedStore } from '@kb-labs/store-embedded';
import { aCreate, aSummary, countingIds, fakeClock, memoryLogger } from '@kb-labs/testkit';
import { expect, it, onTestFinished } from 'vitest';

import { startScheduler } from './scheduler.js';

const MINUTE = 60_000;

it('looks at all open runs when it starts and every ten minutes, and at those that do not wait every minute', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'kb-scheduler-'));
  const clock = fakeClock();
  const store = await openEmbeddedStore({ dir, clock });
  onTestFinished(async () => {
    await store.close();
    rmSync(dir, { recursive: true, force: true });
  });
  const ids = countingIds();
  const names = new Map<string, string>();
  for (const status of ['queued', 'running', 'waiting'] as const) {
    const runId = ids.runId();
    names.set(runId, status);
    await store.log.create(aCreate(runId, { summary: aSummary(runId, { status }) }));
  }
  const looked: string[] = [];
  const log: EngineDeps['log'] = Object.assign(Object.create(store.log) as EngineDeps['log'], {
    read: (...given: Parameters<EngineDeps['log']['read']>) => {
      looked.push(names.get(given[0]) ?? '');
      return store.log.read(...given);
    },
  });
  const scheduler = startScheduler({ ...store, log, clock, ids, logger: memoryLogger() } as unknown as EngineDeps);
  onTestFinished(() => scheduler.stop());
  const lookedAt = async (minute: number): Promise<string[]> => {
    await clock.advance(minute * MINUTE);
    // The round is over once the next one has its timer.
    await expect.poll(() => clock.timers).toBe(1);
    return [...new Set(looked.splice(0))].toSorted();
  };
  expect(await lookedAt(0)).toEqual(['queued', 'running', 'waiting']);
  for (let minute = 1; minute < 10; minute += 1) expect(await lookedAt(1)).toEqual(['queued', 'running']);
  expect(await lookedAt(1)).toEqual(['queued', 'running', 'waiting']);
});
