import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Caller } from '@kb-labs/contracts';
import { createAuditWriter, createKey, createKeyRing, createLink, type EngineDeps, listKeys, openBrowserSession, readBrowserSession, revokeKey, sweepRetention, verifyAudit } from '@kb-labs/engine';
import { openEmbeddedStore } from '@kb-labs/store-embedded';
import { openRedisStore } from '@kb-labs/store-redis';
import { countingIds, memoryLogger, type RedisServer, startRedisServer } from '@kb-labs/testkit';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';

type Deps = Pick<EngineDeps, 'records' | 'retention' | 'catalog' | 'clock' | 'logger' | 'ids'>;

const clock: EngineDeps['clock'] = {
  now: () => Date.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};

let server: RedisServer;
beforeAll(async () => {
  server = await startRedisServer();
});
afterAll(() => server.stop());

/** Two processes' worth of connections to one state. */
const STORES = {
  embedded: async (): Promise<Deps[]> => {
    const dir = mkdtempSync(join(tmpdir(), 'kb-access-'));
    const stores = [await openEmbeddedStore({ dir, clock }), await openEmbeddedStore({ dir, clock })];
    onTestFinished(async () => {
      await Promise.all(stores.map((store) => store.close()));
      rmSync(dir, { recursive: true, force: true });
    });
    return stores.map(toDeps);
  },
  redis: async (): Promise<Deps[]> => {
    const prefix = `t${String((prefixes += 1))}`;
    const open = () => openRedisStore({ connection: { url: server.url }, prefix, allowVolatile: true });
    const stores = [await open(), await open()];
    onTestFinished(async () => {
      await Promise.all(stores.map((store) => store.close()));
    });
    return stores.map(toDeps);
  },
};
let prefixes = 0;

function toDeps({ records, retention, catalog }: Pick<EngineDeps, 'records' | 'retention' | 'catalog'>): Deps {
  return { records, retention, catalog, clock, logger: memoryLogger(), ids: countingIds() };
}

const ada: Caller = { keyId: null, name: 'ada', role: 'admin', tenant: 'acme', via: 'loopback' };

describe.each(Object.entries(STORES))('access on the %s store', (_, open) => {
  it('knows a key that another process made, and none that it took back', async () => {
    const [one, two] = (await open()) as [Deps, Deps];
    const made = await Promise.all(Array.from({ length: 30 }, (__, n) => createKey(n % 2 === 0 ? one : two, { name: `k${String(n)}`, role: 'viewer', tenant: 'acme', by: 'ada' })));
    expect(await createKeyRing(two).authenticate(made[0]?.key ?? '')).toMatchObject({ name: 'k0', tenant: 'acme' });
    expect((await listKeys(two, { tenant: 'acme', limit: 200 })).items.map(({ id }) => id).toSorted()).toEqual(made.map(({ id }) => id).toSorted());
    await Promise.all([revokeKey(one, { id: made[0]?.id ?? '' }), revokeKey(two, { id: made[0]?.id ?? '' })]);
    expect(await createKeyRing(one).authenticate(made[0]?.key ?? '')).toBeUndefined();
  });

  it('opens one session for a link that many use at once', async () => {
    const [one, two] = (await open()) as [Deps, Deps];
    const { code } = await createLink(one, ada);
    const tries = await Promise.allSettled(Array.from({ length: 20 }, (__, n) => openBrowserSession(n % 2 === 0 ? one : two, code)));
    const opened = tries.filter((attempt) => attempt.status === 'fulfilled');
    expect(opened).toHaveLength(1);
    expect(await readBrowserSession(two, opened[0]?.value.token ?? '')).toMatchObject({ caller: { name: 'ada', via: 'session' }, loopback: true });
  });

  it('keeps one chain of what several processes record', async () => {
    const [one, two] = (await open()) as [Deps, Deps];
    const writers = [one, two, one, two].map((deps) => createAuditWriter(deps));
    const rows = await Promise.all(writers.flatMap((writer, w) => Array.from({ length: 60 }, (__, n) => writer.record({ actor: 'ada', tenant: n % 3 === 0 ? 'other' : 'acme', action: 'test', target: `${String(w)}.${String(n)}`, outcome: 'done' }))));
    expect(new Set(rows.map(({ seq }) => seq)).size).toBe(240);
    expect(await verifyAudit(two)).toMatchObject({ intact: true, rows: 240 });
    await one.records.write([{ kind: 'audit', key: '0000000000000100', remove: true }]);
    expect(await verifyAudit(two)).toMatchObject({ intact: false, problem: { seq: 100 } });
  });

  it('sweeps once, whoever comes first', async () => {
    const all = await open();
    const blobs: EngineDeps['blobs'] = { put: () => Promise.reject(new Error('unused')), get: () => Promise.resolve(undefined), remove: () => Promise.resolve(true) };
    const keep = () => ({ runs: {}, logs: {}, artifacts: {} });
    const sweeps = await Promise.all([...all, ...all].map((deps) => sweepRetention({ ...deps, blobs }, keep)));
    expect(sweeps.filter(({ skipped }) => !skipped)).toHaveLength(1);
  });
});
