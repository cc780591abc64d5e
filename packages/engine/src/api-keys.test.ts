import { hideApiKeys, mayDo, parseApiKey, PERMISSIONS, ROLES } from '@kb-labs/contracts';
import { describe, expect, it } from 'vitest';

import { createKey, hasAdminKey, listKeys, revokeKey } from './api-keys.js';
import { createKeyRing, KEY_CACHE_MS } from './authenticate-key.js';
import { manualClock } from './manual-clock.fixture.js';
import { memoryRecords } from './memory-records.fixture.js';

function open() {
  const clock = manualClock();
  const records = memoryRecords(clock);
  const warnings: string[] = [];
  const logger = { debug() {}, info() {}, warn: (message: string) => void warnings.push(message), error() {} };
  return { clock, records, logger, warnings };
}

const command = { name: 'ci', role: 'runner', tenant: 'acme', by: 'ada' } as const;

describe('roles', () => {
  it('may do what the table says', () => {
    const table = Object.fromEntries(ROLES.map((role) => [role, PERMISSIONS.filter((permission) => mayDo(role, permission)).join(' ')]));
    expect(table).toEqual({ viewer: 'read', runner: 'read run', author: 'read run write', approver: 'read approve', admin: 'read run write approve admin' });
  });
});

describe('a key', () => {
  it('is shown once and is not in the state', async () => {
    const deps = open();
    const made = await createKey(deps, { ...command, lifeMs: 1_000 });
    expect(made).toMatchObject({ name: 'ci', role: 'runner', tenant: 'acme', status: 'active', createdBy: 'ada', lastUsedAt: null, expiresAt: '2026-01-01T00:00:01.000Z' });
    const { id, secret } = parseApiKey(made.key) ?? {};
    expect([id, Buffer.from(secret ?? '', 'base64url').length]).toEqual([made.id, 32]);
    const stored = JSON.stringify([await deps.records.get('api-key', made.id), await deps.records.list('api-key-of', { limit: 10 }), await listKeys(deps, { tenant: 'acme' })]);
    expect(stored).toContain(made.id);
    expect(stored).not.toContain(secret);
    expect(stored).not.toContain(Buffer.from(secret ?? '', 'base64url').toString('hex'));
  });

  it('loses its secret in what is logged', async () => {
    const { key, id } = await createKey(open(), command);
    expect(hideApiKeys(`sent ${key}, and "${key}"`)).toBe(`sent kb_${id}_***, and "kb_${id}_***"`);
    expect(hideApiKeys('kb_short_x')).toBe('kb_short_x');
  });

  it.each([
    [{ name: '' }, 'name'],
    [{ name: 'x'.repeat(129) }, 'name'],
    [{ tenant: 'A/b' }, 'tenant'],
    [{ tenant: '' }, 'tenant'],
    [{ lifeMs: 0 }, 'good for'],
    [{ lifeMs: Number.NaN }, 'good for'],
  ])('is refused with %j', async (wrong, problem) => {
    await expect(createKey(open(), { ...command, ...wrong })).rejects.toMatchObject({ code: 'USAGE', message: expect.stringContaining(problem) as string });
  });
});

describe('listKeys', () => {
  it('pages through the keys of one tenant, newest first', async () => {
    const deps = open();
    const made: string[] = [];
    for (let n = 0; n < 7; n += 1) {
      deps.clock.advance(1);
      made.unshift((await createKey(deps, { ...command, name: `key ${String(n)}` })).id);
      await createKey(deps, { ...command, tenant: n % 2 === 0 ? 'acme-two' : 'aa' });
    }
    const seen: string[] = [];
    for (let cursor: string | undefined; ; ) {
      const page = await listKeys(deps, { tenant: 'acme', limit: 3, ...(cursor === undefined ? {} : { cursor }) });
      seen.push(...page.items.map(({ id }) => id));
      cursor = page.nextCursor;
      if (cursor === undefined) break;
    }
    expect(seen).toEqual(made);
    await expect(listKeys(deps, { tenant: 'acme', cursor: '../x' })).rejects.toMatchObject({ code: 'USAGE' });
    await expect(listKeys(deps, { tenant: 'acme', limit: 201 })).rejects.toMatchObject({ code: 'USAGE' });
  });
});

describe('a key ring', () => {
  it('knows whose key it is, and nothing of any other text', async () => {
    const deps = open();
    const ring = createKeyRing(deps);
    const { key, id } = await createKey(deps, command);
    expect(await ring.authenticate(key)).toEqual({ keyId: id, name: 'ci', role: 'runner', tenant: 'acme', via: 'key' });
    const other = (await createKey(deps, { ...command, tenant: 'other' })).key;
    const mixed = `kb_${id}_${parseApiKey(other)?.secret ?? ''}`;
    const last = key.at(-2) === 'A' ? 'B' : 'A';
    for (const wrong of [mixed, `${key.slice(0, -2)}${last}${key.slice(-1)}`, key.slice(0, -1), `${key}A`, ` ${key}`, key.replace('kb_', 'KB_'), '', 'kb__', `kb_loopback_${'a'.repeat(43)}`]) {
      expect(await ring.authenticate(wrong), wrong).toBeUndefined();
    }
  });

  it('does the same reads for an id that is not there as for a wrong secret', async () => {
    const deps = open();
    const ring = createKeyRing(deps);
    const { key, id } = await createKey(deps, command);
    await ring.authenticate(key);
    const reads: number[] = [];
    for (const wrong of [`kb_${id}_${'a'.repeat(43)}`, `kb_${'0'.repeat(19)}_${'a'.repeat(43)}`]) {
      const before = deps.records.calls.get;
      await ring.authenticate(wrong);
      await ring.authenticate(wrong);
      reads.push(deps.records.calls.get - before);
    }
    expect(reads).toEqual([2, 2]);
  });

  it('asks the state once in five seconds for a key that is right, and takes a revocation for good then', async () => {
    const deps = open();
    const ring = createKeyRing(deps);
    const { key, id } = await createKey(deps, command);
    await ring.authenticate(key);
    const before = deps.records.calls.get;
    await ring.authenticate(key);
    expect(deps.records.calls.get).toBe(before);
    expect((await revokeKey(deps, { id })).status).toBe('revoked');
    expect(await createKeyRing(deps).authenticate(key)).toBeUndefined();
    deps.clock.advance(KEY_CACHE_MS);
    expect(await ring.authenticate(key)).toBeUndefined();
    expect(await ring.isActive(id)).toBe(false);
  });

  it('refuses a key at the instant its time is over, remembered or not', async () => {
    const deps = open();
    const ring = createKeyRing(deps);
    const { key } = await createKey(deps, { ...command, lifeMs: 2_000 });
    deps.clock.advance(1_999);
    expect(await ring.authenticate(key)).toBeDefined();
    deps.clock.advance(1);
    expect(await ring.authenticate(key)).toBeUndefined();
    expect((await listKeys(deps, { tenant: 'acme' })).items[0]?.status).toBe('expired');
  });

  it('notes the use of a key at most once a minute', async () => {
    const deps = open();
    const ring = createKeyRing(deps);
    const { key } = await createKey(deps, command);
    const before = deps.records.calls.write;
    for (let second = 0; second < 120; second += 1) {
      await ring.authenticate(key);
      deps.clock.advance(1_000);
    }
    expect(deps.records.calls.write - before).toBe(2);
    expect((await listKeys(deps, { tenant: 'acme' })).items[0]?.lastUsedAt).toBe('2026-01-01T00:01:00.000Z');
  });

  it('lets a caller in when the use of the key cannot be noted', async () => {
    const deps = open();
    const { key } = await createKey(deps, command);
    const ring = createKeyRing({ ...deps, records: { ...deps.records, write: () => Promise.reject(new Error('full')) } });
    expect(await ring.authenticate(key)).toBeDefined();
    await Promise.resolve();
    expect(deps.warnings).toEqual(['cannot note when a key was used']);
  });
});

describe('revokeKey', () => {
  it('finds a key of another tenant as little as one that never was', async () => {
    const deps = open();
    const { id, key } = await createKey(deps, command);
    await expect(revokeKey(deps, { id, tenant: 'other' })).rejects.toMatchObject({ code: 'KEY_NOT_FOUND' });
    await expect(revokeKey(deps, { id: 'nobody00' })).rejects.toMatchObject({ code: 'KEY_NOT_FOUND' });
    expect(await createKeyRing(deps).authenticate(key)).toBeDefined();
    const first = await revokeKey(deps, { id, tenant: 'acme' });
    deps.clock.advance(1_000);
    expect((await revokeKey(deps, { id })).revokedAt).toBe(first.revokedAt);
  });
});

describe('hasAdminKey', () => {
  it('counts keys of administrators that are good now', async () => {
    const deps = open();
    expect(await hasAdminKey(deps)).toBe(false);
    for (let n = 0; n < 101; n += 1) await createKey(deps, command);
    expect(await hasAdminKey(deps)).toBe(false);
    deps.clock.advance(1);
    const { id } = await createKey(deps, { ...command, role: 'admin', lifeMs: 1_000 });
    expect(await hasAdminKey(deps)).toBe(true);
    deps.clock.advance(1_000);
    expect(await hasAdminKey(deps)).toBe(false);
    const lasting = await createKey(deps, { ...command, role: 'admin' });
    expect(await hasAdminKey(deps)).toBe(true);
    await revokeKey(deps, { id: lasting.id });
    expect([await hasAdminKey(deps), id]).toEqual([false, id]);
  });
});
