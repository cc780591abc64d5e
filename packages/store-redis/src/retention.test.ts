import type { RunId } from '@kb-labs/contracts';
import { aCreate, anEndedSummary, aRunFinished, aStepFinished, aSummary, countingIds } from '@kb-labs/testkit';
import { describe, expect, it } from 'vitest';

import { APPLY_ENTRIES } from './lua/apply-entries.js';
import type { RedisStore } from './index.js';
import { isCallOf } from './intercepted.fixture.js';
import { runChild } from './run-child.fixture.js';
import { sharedServer } from './shared-server.fixture.js';

const server = sharedServer();
const ids = countingIds();
const BLOBS = [{ digest: `sha256:${'a'.repeat(64)}`, bytes: 7 }];
const NOTHING = { journal: 0, log: 0, artifacts: 0 };

describe('a process that is killed while it removes a run', () => {
  it.each(['begin removal', 'end removal'])('leaves the rest to whoever looks (%s)', async (step) => {
    const store = await server.open({ sweepMs: 3_600_000 });
    const runId = await anEndedRun(store);
    expect((await runChild(step, server.url, server.prefix, runId)).signal).toBe('SIGKILL');
    expect(await store.retention.usage('default')).not.toEqual(NOTHING);
    expect(await keysOf(runId)).toBe(step === 'begin removal' ? 2 : 0);
    await store.flushOutbox();
    await expectGone(store, runId);
  });

  it('is made good by another process within moments, without being asked', async () => {
    const store = await server.open({ sweepMs: 20 });
    const runId = await anEndedRun(store);
    await runChild('end removal', server.url, server.prefix, runId);
    const patience = AbortSignal.timeout(10_000);
    while ((await server.redis.zcard(`{${server.prefix}}:removing`)) > 0) {
      if (patience.aborted) throw new Error('nobody finished the removal');
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await expectGone(store, runId);
  });
});

it('removes a run whose end was written and not entered in the lists yet', async () => {
  let dead = false;
  const store = await server.open({ sweepMs: 3_600_000, interceptor: { keysApart: true, before: (name, args) => void (dead && isCallOf(APPLY_ENTRIES, name, args) && lose()) } });
  const runId = ids.runId();
  await store.log.create(aCreate(runId));
  dead = true;
  await expect(store.log.append({ runId, at: 1, events: [aRunFinished()], summary: anEndedSummary(runId), blobs: BLOBS })).rejects.toThrow();
  dead = false;
  expect(await store.retention.endedRuns({ tenant: 'default', limit: 9 })).toEqual([]);
  expect(await store.retention.remove(runId, 'run')).toBe(true);
  await expectGone(store, runId);
});

it('does not let an entry that comes late bring a run back that was removed', async () => {
  const store = await server.open({ sweepMs: 3_600_000 });
  const late: (string | number)[][] = [];
  const other = await server.open({ sweepMs: 3_600_000, interceptor: { keysApart: true, before: (name, args) => void (isCallOf(APPLY_ENTRIES, name, args) && late.push([name, ...args])) } });
  const runId = await anEndedRun(other);
  expect(await store.retention.remove(runId, 'run')).toBe(true);
  expect(late.length).toBeGreaterThan(1);
  for (const [name = '', ...args] of late) await server.redis.call(String(name), ...args);
  await expectGone(store, runId);
});

describe('what a list of one tenant costs', () => {
  it('does not depend on how many runs and waits others have, or how many have ended', async () => {
    const store = await server.open({ sweepMs: 3_600_000 });
    const costs: number[] = [];
    for (const runs of [1, 100]) {
      for (let index = 0; index < runs; index += 1) {
        const runId = await opened(store, 'loud', index % 2 === 0 ? 'a' : 'b');
        await store.log.append({ runId, at: 1, events: [], waits: { open: [{ job: 'a', step: 's', kind: 'signal', name: 'x' }], close: [] } });
      }
      const quiet = await opened(store, 'quiet', 'a');
      await store.log.append({ runId: quiet, at: 1, events: [], waits: { open: [{ job: 'a', step: 's', kind: 'signal', name: 'x' }], close: [] } });
      await new Promise((resolve) => setTimeout(resolve, 20));
      costs.push(
        await commandsOf(async () => {
          const found = await Promise.all([{}, { workflowId: 'a' }, { status: 'queued' as const }, { workflowId: 'a', status: 'queued' as const }].map((query) => store.catalog.listRuns({ tenant: 'quiet', ...query, limit: 1 })));
          expect(found.map((list) => list[0]?.id)).toEqual([quiet, quiet, quiet, quiet]);
          for (const query of [{}, { kind: 'signal' as const }, { name: 'x' }]) expect(await store.catalog.listWaits({ tenant: 'quiet', ...query, limit: 1 })).toHaveLength(1);
        }),
      );
    }
    expect(costs[0]).toBeGreaterThan(10);
    expect(costs[1]).toBeLessThanOrEqual((costs[0] ?? 0) + 3);
  });
});

async function anEndedRun(store: RedisStore): Promise<RunId> {
  const runId = ids.runId();
  await store.log.create(aCreate(runId));
  await store.log.append({ runId, at: 1, events: [aStepFinished()], blobs: BLOBS });
  await store.log.append({ runId, at: 1, events: [aRunFinished()], summary: anEndedSummary(runId) });
  return runId;
}

async function opened(store: RedisStore, tenant: string, workflowId: string): Promise<RunId> {
  const runId = ids.runId();
  await store.log.create(aCreate(runId, { summary: aSummary(runId, { tenant, workflowId }) }));
  return runId;
}

async function expectGone(store: RedisStore, runId: RunId): Promise<void> {
  expect(await store.catalog.getRun(runId)).toBeUndefined();
  expect(await store.catalog.listRuns({ limit: 9 })).toEqual([]);
  expect(await store.catalog.openRuns({ limit: 9 })).toEqual([]);
  expect(await store.retention.usage('default')).toEqual(NOTHING);
  expect(await store.retention.tenants()).toEqual([]);
  expect(await store.retention.unusedBlobs({ before: Number.MAX_SAFE_INTEGER, limit: 9 })).toEqual(BLOBS.map((blob) => blob.digest));
  expect(await keysOf(runId)).toBe(0);
  expect((await server.redis.keys(`{${server.prefix}}:*${runId}*`)).length).toBe(0);
}

async function keysOf(runId: RunId): Promise<number> {
  return (await server.redis.keys(`${server.prefix}:{${runId}}:*`)).length;
}

function lose(): never {
  throw new Error('Connection is closed.');
}

async function commandsOf(act: () => Promise<unknown>): Promise<number> {
  const count = async (): Promise<number> => {
    const stats = await server.redis.info('commandstats');
    const counted = [...stats.matchAll(/cmdstat_(\S+?):calls=(\d+)/g)].filter(([, name]) => name !== 'info' && !name?.startsWith('eval'));
    return counted.reduce((sum, [, , calls]) => sum + Number(calls), 0);
  };
  const before = await count();
  await act();
  return (await count()) - before;
}
