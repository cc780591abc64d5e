import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { LIMITS } from '@kb-labs/contracts';
import { openEmbeddedStore } from '@kb-labs/store-embedded';
import { fakeClock, memoryLogger } from '@kb-labs/testkit';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { pluginStorage } from './plugin-storage.js';

type Store = Awaited<ReturnType<typeof openEmbeddedStore>>;

let dir: string;
let store: Store;
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'kb-storage-'));
  store = await openEmbeddedStore({ dir, clock: fakeClock(), logger: memoryLogger() });
});
afterEach(async () => {
  await store.close();
  rmSync(dir, { recursive: true, force: true });
});

const open = (tenant = 'default', plugin = '@acme/notes', quotaBytes?: number) => pluginStorage(() => store.records)({ tenant, plugin, ...(quotaBytes === undefined ? {} : { quotaBytes }) });

describe('what plugins keep', () => {
  it('is there for the next step, also after the state was closed', async () => {
    await open().set('a', { n: [1, null] });
    await store.close();
    store = await openEmbeddedStore({ dir, clock: fakeClock(), logger: memoryLogger() });
    expect([await open().get('a'), await open().get('b')]).toEqual([{ n: [1, null] }, undefined]);
    await open().remove('a');
    await open().remove('never there');
    expect(await open().get('a')).toBeUndefined();
  });

  it('lists keys by their beginning, in the order of their bytes, page after page', async () => {
    const storage = open();
    const names = Array.from({ length: 503 }, (_, at) => `k/${String(at)}`);
    await Promise.all([...names, 'other', 'é', 'z', '𝒳', '￿'].map((name) => storage.set(name, 1)));
    expect(await storage.keys('k/')).toEqual(names.sort());
    expect((await storage.keys()).slice(-4)).toEqual(['z', 'é', '￿', '𝒳']);
    expect(await storage.keys('none')).toEqual([]);
  });

  it('is never reached by another owner, whatever they are called and whatever their keys are', async () => {
    const name = fc.string({ unit: fc.constantFrom('a', 'b', '/', '"', ',', '%', '@'), minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(name, name, name, name, name, name, async (tenant, plugin, key, otherTenant, otherPlugin, otherKey) => {
        fc.pre(tenant !== otherTenant || plugin !== otherPlugin);
        const [mine, other] = [open(tenant, plugin), open(otherTenant, otherPlugin)];
        await mine.set(key, 'mine');
        await other.set(otherKey, 'other');
        expect([await mine.get(key), await other.get(otherKey)]).toEqual(['mine', 'other']);
        await other.remove(otherKey);
        expect(await mine.keys()).toEqual([key]);
        await mine.remove(key);
      }),
      { numRuns: 50 },
    );
  });

  it('takes the longest keys there are', async () => {
    const key = '￿'.repeat(LIMITS.storageKeyLength);
    await open().set(key, 1);
    expect(await open().keys(key.slice(1))).toEqual([key]);
  });

  it('stays within a quota; what makes it smaller always may', async () => {
    const wide = open();
    await wide.set('a', 'x'.repeat(100));
    const narrow = open('default', '@acme/notes', 110);
    await narrow.set('b', 1);
    await expect(narrow.set('c', 'xxxxxxx')).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED', details: { quota: 'storage', limit: 110 } });
    await wide.set('c', 'x'.repeat(100));
    await narrow.set('c', 'x'.repeat(90));
    await narrow.remove('c');
    await narrow.set('c', 1);
    expect(await narrow.keys()).toEqual(['a', 'b', 'c']);
  });

  it('has so many entries, and no more', async () => {
    const storage = open();
    // The count alone, as after so many writes.
    const [use] = await useOf(storage);
    expect(use?.value).toEqual({ entries: 1, bytes: 2 });
    await store.records.write([{ kind: 'plugin-storage-use', key: use?.key ?? '', value: { entries: LIMITS.storageEntries, bytes: 2 } }]);
    await expect(storage.set('more', 1)).rejects.toMatchObject({ code: 'STORAGE_FULL', details: { plugin: '@acme/notes' } });
    await storage.set('a', 2);
    await storage.remove('a');
    await storage.set('more', 1);
  });

  it('counts right however writes of several processes meet', async () => {
    const [one, two] = [open(), open()];
    await Promise.all(Array.from({ length: 40 }, (_, at) => (at % 2 === 0 ? one : two).set(`k${String(at % 10)}`, at)));
    await Promise.all(Array.from({ length: 5 }, (_, at) => (at % 2 === 0 ? one : two).remove(`k${String(at)}`)));
    expect(await one.keys()).toEqual(['k5', 'k6', 'k7', 'k8', 'k9']);
    const [use] = await store.records.list('plugin-storage-use', { limit: 10 });
    expect(use?.value).toEqual({ entries: 5, bytes: 20 });
  });
});

async function useOf(storage: ReturnType<typeof open>) {
  await storage.set('a', 1);
  return store.records.list('plugin-storage-use', { limit: 10 });
}
