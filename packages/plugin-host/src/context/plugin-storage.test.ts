import type { JsonValue, Permissions } from '@kb-labs/contracts';
import type { Redactor } from '@kb-labs/ports';
import { describe, expect, it } from 'vitest';

import { recordCall } from '../step-call.fixture.js';
import { createContext } from './create-context.js';
import { toGrant } from './grant.js';
import type { StorageOwner } from './step-services.js';

const KEPT: Permissions = { services: ['storage'] };

function contextOf(declared: Permissions, { granted = {}, redactor, offered = true }: { granted?: Permissions; redactor?: Redactor; offered?: boolean } = {}) {
  const owners: StorageOwner[] = [];
  const kept = new Map<string, JsonValue>();
  const storage = (owner: StorageOwner) => {
    owners.push(owner);
    return {
      get: (key: string) => Promise.resolve(kept.get(key)),
      set: (key: string, value: JsonValue) => Promise.resolve(void kept.set(key, value)),
      remove: (key: string) => Promise.resolve(void kept.delete(key)),
      keys: (prefix = '') => Promise.resolve([...kept.keys()].filter((key) => key.startsWith(prefix))),
    };
  };
  const uses = { kind: 'plugin', package: '@acme/notes', command: 'notes:keep' } as const;
  const { call } = recordCall({ workspace: '/', tenant: 'acme', uses, permissions: granted, ...(redactor === undefined ? {} : { redactor }) });
  const { ctx, close } = createContext(call, { grant: toGrant(declared, granted), hostEnv: {}, killGraceMs: 1, services: offered ? { storage } : {} });
  return { ctx, close, owners, kept };
}

describe('ctx.storage', () => {
  it('keeps for the plugin and the tenant of the step, within its quota', async () => {
    const { ctx, owners, kept } = contextOf({ ...KEPT, quotas: { storage: '1MiB' } }, { granted: { quotas: { storage: '4KiB' } } });
    await ctx.storage.set('a', { n: 1 });
    expect([await ctx.storage.get('a'), await ctx.storage.get('b'), await ctx.storage.keys('a')]).toEqual([{ n: 1 }, undefined, ['a']]);
    await ctx.storage.remove('a');
    expect([owners, kept.size]).toEqual([[{ tenant: 'acme', plugin: '@acme/notes', quotaBytes: 4_096 }], 0]);
  });

  it('needs the permission of both sides, and something that keeps', async () => {
    for (const [declared, granted] of [[{}, {}], [{ services: ['llm'] }, {}], [KEPT, { services: [] }]] satisfies [Permissions, Permissions][]) {
      const { ctx, owners } = contextOf(declared, { granted });
      await expect(ctx.storage.get('a')).rejects.toMatchObject({ code: 'PERMISSION_DENIED', message: 'denied: using ctx.storage needs the permission services: [storage]' });
      await expect(ctx.storage.set('a', 1)).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
      expect(owners).toEqual([]);
    }
    await expect(contextOf(KEPT, { offered: false }).ctx.storage.keys()).rejects.toMatchObject({ code: 'STORAGE_NOT_AVAILABLE' });
  });

  it.each(['', 'x'.repeat(257), 'a\0b', '\ud800', undefined as unknown as string])('refuses the key %j', async (key) => {
    const { ctx } = contextOf(KEPT);
    for (const act of [ctx.storage.get(key), ctx.storage.set(key, 1), ctx.storage.remove(key)]) await expect(act).rejects.toThrow(RangeError);
  });

  it.each<[string, unknown]>([
    ['a function', () => 1],
    ['no number', Number.NaN],
    ['nothing', undefined],
    ['a date', new Date(0)],
  ])('refuses %s', async (_, value) => {
    await expect(contextOf(KEPT).ctx.storage.set('a', value as JsonValue)).rejects.toThrow(TypeError);
  });

  it('refuses a value that is too large, by its code', async () => {
    const { ctx } = contextOf(KEPT);
    await expect(ctx.storage.set('a', 'x'.repeat(256 * 1024))).rejects.toMatchObject({ code: 'STORAGE_FULL' });
    await ctx.storage.set('a', 'x'.repeat(256 * 1024 - 2));
  });

  it('keeps no secret', async () => {
    const redactor: Redactor = { text: (text) => text.replaceAll('swordfish', '***'), bytes: () => { throw new Error('not asked for'); } };
    const { ctx, kept } = contextOf(KEPT, { redactor });
    await ctx.storage.set('of swordfish', { swordfish: ['a swordfish', 1, null] });
    expect([...kept]).toEqual([['of ***', { '***': ['a ***', 1, null] }]]);
    expect(await ctx.storage.get('of swordfish')).toBeDefined();
  });

  it('does nothing after its step', async () => {
    const { ctx, close, kept } = contextOf(KEPT);
    await close();
    await expect(ctx.storage.set('a', 1)).rejects.toMatchObject({ code: 'INTERRUPTED' });
    expect(kept.size).toBe(0);
  });
});
