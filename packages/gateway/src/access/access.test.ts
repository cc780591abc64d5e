import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type Caller, type Role, type Tier, TIERS } from '@kb-labs/contracts';
import { createKey, createLink, listAudit, openBrowserSession, revokeKey, verifyAudit } from '@kb-labs/engine';
import { openEmbeddedStore } from '@kb-labs/store-embedded';
import { fakeClock, memoryLogger } from '@kb-labs/testkit';
import { describe, expect, it, onTestFinished } from 'vitest';

import type { Knock } from './access.js';
import { type AccessOptions, createAccess } from './create-access.js';
import { cookieName, sessionCookie } from './credentials.js';
import { accessHandlers } from './routes.js';

const LOOPBACK = `kb_loopback_${'L'.repeat(43)}`;
const loopback = { name: 'root', matches: (presented: string) => presented === LOOPBACK };
const unbounded: Tier = { retention: TIERS.enterprise.retention };

async function open(options: Partial<AccessOptions> = {}) {
  const dir = mkdtempSync(join(tmpdir(), 'kb-access-'));
  const clock = fakeClock();
  const store = await openEmbeddedStore({ dir, clock });
  onTestFinished(async () => {
    await store.close();
    rmSync(dir, { recursive: true, force: true });
  });
  const logger = memoryLogger();
  const deps = { records: store.records, rateLimits: store.rateLimits, clock, logger };
  const access = createAccess(deps, { tierOf: () => unbounded, loopback, secure: false, ...options });
  const key = async (role: Role = 'runner', tenant = 'acme') => createKey(deps, { name: role, role, tenant, by: 'ada' });
  return { deps, access, clock, logger, key };
}

function knock(headers: Knock['headers'] = {}, { method = 'GET', remoteAddress = '127.0.0.1' }: { method?: string; remoteAddress?: string } = {}): Knock {
  return { headers: { host: '127.0.0.1:4000', ...headers }, method, path: '/api/v1/workflows/runs', remoteAddress };
}

const bearer = (key: string): Knock['headers'] => ({ authorization: `Bearer ${key}` });
const code = (thrown: unknown): unknown => (thrown as { code?: unknown }).code;

describe('authenticate', () => {
  it('knows the caller by the key, and takes the tenant from nowhere else', async () => {
    const { access, key } = await open();
    const made = await key('author');
    const headers = { ...bearer(made.key), 'x-tenant': 'other', 'x-kb-tenant': 'other' };
    expect(await access.authenticate(knock(headers))).toEqual({ keyId: made.id, name: 'author', role: 'author', tenant: 'acme', via: 'key' });
    expect(await access.authenticate(knock({ authorization: `bearer  ${made.key}` }))).toMatchObject({ keyId: made.id });
  });

  it('lets nobody in with anything else', async () => {
    const { access, key } = await open();
    const made = await key();
    for (const headers of [
      {},
      { authorization: '' },
      { authorization: made.key },
      { authorization: `Basic ${made.key}` },
      { authorization: `Bearer ${made.key} x` },
      { authorization: `Bearer ${made.key},${made.key}` },
      { authorization: `Bearer ${'a'.repeat(100_000)}` },
      { 'x-api-key': made.key },
      { cookie: `kb_session_4000=${made.key}` },
      { cookie: '' },
    ] satisfies Knock['headers'][]) {
      await expect(access.authenticate(knock(headers)), JSON.stringify(headers).slice(0, 100)).rejects.toMatchObject({ code: 'UNAUTHENTICATED', status: 401 });
    }
  });

  it('does not look at a cookie behind a header that is wrong', async () => {
    const { access, deps, key } = await open();
    const made = await key();
    const { token } = await openBrowserSession(deps, (await createLink(deps, await access.authenticate(knock(bearer(made.key))))).code);
    expect(await access.authenticate(knock({ cookie: `kb_session_4000=${token}` }))).toMatchObject({ via: 'session' });
    await expect(access.authenticate(knock({ authorization: 'Bearer x', cookie: `kb_session_4000=${token}` }))).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  it('refuses a key that was revoked within five seconds, and sessions opened with it', async () => {
    const { access, deps, clock, key } = await open();
    const made = await key();
    const caller = await access.authenticate(knock(bearer(made.key)));
    const { token } = await openBrowserSession(deps, (await createLink(deps, caller)).code);
    const cookie = { cookie: `kb_session_4000=${token}` };
    await access.authenticate(knock(cookie));
    await revokeKey(deps, { id: made.id });
    await clock.advance(5_000);
    await expect(access.authenticate(knock(bearer(made.key)))).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    await expect(access.authenticate(knock(cookie))).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  it('writes no key to its log or the audit log', async () => {
    const { access, deps, logger, key } = await open();
    const made = await key();
    await access.authenticate(knock(bearer(made.key)));
    await expect(access.authenticate(knock(bearer(`${made.key.slice(0, -1)}_`)))).rejects.toThrow();
    const said = JSON.stringify([logger.entries, (await listAudit(deps, {})).items]);
    expect(said).toContain('authenticate');
    expect(said).not.toContain(made.key.slice(20, 60));
  });
});

describe('the key of this machine', () => {
  it('counts from loopback addresses, and not through a proxy', async () => {
    const { access } = await open();
    for (const remoteAddress of ['127.0.0.1', '127.3.2.1', '::1', '::ffff:127.0.0.1']) {
      expect(await access.authenticate(knock(bearer(LOOPBACK), { remoteAddress })), remoteAddress).toEqual({ keyId: null, name: 'root', role: 'admin', tenant: 'default', via: 'loopback' });
    }
    for (const remoteAddress of ['10.0.0.1', '::2', '::ffff:10.0.0.1', '127.0.0.1.example.com', '']) {
      await expect(access.authenticate(knock(bearer(LOOPBACK), { remoteAddress })), remoteAddress).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    }
    for (const name of ['x-forwarded-for', 'forwarded', 'via', 'x-real-ip']) {
      await expect(access.authenticate(knock({ ...bearer(LOOPBACK), [name]: '1.2.3.4' })), name).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    }
    await expect(access.authenticate({ ...knock(bearer(LOOPBACK)), remoteAddress: undefined })).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  it('opens sessions that count from here alone', async () => {
    const { access, deps } = await open();
    const caller = await access.authenticate(knock(bearer(LOOPBACK)));
    const { token } = await openBrowserSession(deps, (await createLink(deps, caller)).code);
    const headers = { cookie: `kb_session_4000=${token}` };
    expect(await access.authenticate(knock(headers))).toMatchObject({ role: 'admin', via: 'session', keyId: null });
    await expect(access.authenticate(knock(headers, { remoteAddress: '10.0.0.1' }))).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  it('is none where there is none', async () => {
    const { deps } = await open();
    const access = createAccess(deps, { tierOf: () => unbounded, secure: false });
    await expect(access.authenticate(knock(bearer(LOOPBACK)))).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });
});

describe('a browser', () => {
  async function signedIn() {
    const opened = await open();
    const made = await opened.key('author');
    const caller = await opened.access.authenticate(knock(bearer(made.key)));
    const engine = opened.deps;
    const link = await accessHandlers.createLink({ engine, secure: false }, { caller });
    const code = new URL(link.body.path, 'http://x').searchParams.get('code') ?? '';
    const answer = await accessHandlers.enterStudio({ engine, secure: false }, { query: { code }, headers: { host: 'localhost:4000' } });
    const cookie = (answer.headers['Set-Cookie'] ?? '').split(';')[0] ?? '';
    return { ...opened, link, code, answer, cookie };
  }

  it('enters by a link, once', async () => {
    const { access, deps, answer, code: used, cookie, link } = await signedIn();
    expect(link).toMatchObject({ status: 201, body: { path: expect.stringMatching(/^\/studio\/enter\?code=[\w-]{43}$/) as string } });
    expect(answer).toMatchObject({ status: 303, headers: { Location: './' } });
    expect(answer.headers['Set-Cookie']).toMatch(/^kb_session_4000=[\w-]{43}; Path=\/; Max-Age=604800; HttpOnly; SameSite=Strict$/);
    expect(await access.authenticate(knock({ cookie }))).toMatchObject({ name: 'author', via: 'session', tenant: 'acme' });
    const again = accessHandlers.enterStudio({ engine: deps, secure: false }, { query: { code: used }, headers: {} });
    await expect(again).rejects.toMatchObject({ code: 'LINK_UNUSABLE' });
  });

  it('may change something only from a page of the same origin that has read the token', async () => {
    const { access, deps, cookie } = await signedIn();
    const caller = await access.authenticate(knock({ cookie }));
    const me = await accessHandlers.showCaller({ engine: deps, secure: false }, { caller, headers: { host: '127.0.0.1:4000', cookie } });
    expect(me.body).toMatchObject({ name: 'author', role: 'author', tenant: 'acme', via: 'session', permissions: ['read', 'run', 'write'] });
    const csrf = me.body.csrf ?? '';
    const post = (headers: Knock['headers'], method = 'POST') => access.authenticate(knock({ cookie, ...headers }, { method }));
    const from = (origin: string, more: Knock['headers'] = {}) => post({ origin, 'x-kb-csrf': csrf, ...more });
    expect(await from('http://127.0.0.1:4000', { 'sec-fetch-site': 'same-origin' })).toMatchObject({ via: 'session' });
    expect(await from('http://127.0.0.1:4000')).toMatchObject({ via: 'session' });
    const refused = [
      post({}),
      post({ 'x-kb-csrf': csrf }),
      post({ origin: 'http://127.0.0.1:4000' }),
      post({ 'sec-fetch-site': 'same-origin' }),
      post({ 'sec-fetch-site': 'same-origin', 'x-kb-csrf': `${csrf.slice(0, -1)}!` }),
      from('http://127.0.0.1:4001'),
      from('http://localhost:4000'),
      from('http://evil.example'),
      from('null'),
      from('http://127.0.0.1:4000', { 'sec-fetch-site': 'same-site' }),
      from('http://127.0.0.1:4000', { 'sec-fetch-site': 'cross-site' }),
      from('http://127.0.0.1:4000', { 'sec-fetch-site': 'none' }),
      post({ 'x-kb-csrf': csrf, origin: 'http://evil.example' }, 'DELETE'),
      post({}, 'PUT'),
      post({}, 'post'),
    ];
    expect((await Promise.allSettled(refused)).map((one) => (one.status === 'rejected' ? code(one.reason) : 'let in'))).toEqual(refused.map(() => 'FORBIDDEN'));
    expect(await access.authenticate(knock({ cookie }))).toMatchObject({ via: 'session' });
  });

  it('needs none of that with a key, which no page can send for another', async () => {
    const { access, key } = await open();
    const made = await key();
    expect(await access.authenticate(knock(bearer(made.key), { method: 'POST' }))).toMatchObject({ via: 'key' });
  });

  it('is signed out for good', async () => {
    const { access, deps, cookie } = await signedIn();
    const answer = await accessHandlers.signOut({ engine: deps, secure: false }, { headers: { host: '127.0.0.1:4000', cookie } });
    expect(answer.headers['Set-Cookie']).toMatch(/^kb_session_4000=; Path=\/; Max-Age=0;/);
    await expect(access.authenticate(knock({ cookie }))).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  it('has a cookie for each port, and a secure one where there is TLS', () => {
    expect(cookieName({ host: 'localhost:4100' }, false)).toBe('kb_session_4100');
    expect(cookieName({ host: 'kb.example.com' }, true)).toBe('__Host-kb_session');
    expect(cookieName({ host: '127.0.0.1:4000' }, true)).toBe('kb_session_4000');
    expect(sessionCookie({ host: 'kb.example.com' }, { secure: true, token: 't', maxAgeMs: 1_000 })).toBe('__Host-kb_session=t; Path=/; Max-Age=1; HttpOnly; SameSite=Strict; Secure');
  });

  it('is not taken for another by a cookie that comes twice', async () => {
    const { access, cookie } = await signedIn();
    await expect(access.authenticate(knock({ cookie: `${cookie}; ${cookie}` }))).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });
});

describe('authorize', () => {
  it('lets roles do what they may', async () => {
    const { access } = await open();
    const caller = (role: Role): Caller => ({ keyId: 'k', name: 'ada', role, tenant: 'acme', via: 'key' });
    access.authorize(caller('approver'), 'approve');
    for (const [role, permission] of [['viewer', 'run'], ['runner', 'write'], ['author', 'approve'], ['approver', 'run'], ['author', 'admin']] as const) {
      expect(() => access.authorize(caller(role), permission), `${role} ${permission}`).toThrow(expect.objectContaining({ code: 'FORBIDDEN' }) as Error);
    }
  });
});

describe('failing again and again', () => {
  it('is answered 429 after ten tries in a minute, and the right key is let in all the same', async () => {
    const { access, clock, key } = await open();
    const made = await key();
    const wrong = `kb_${made.id}_${'a'.repeat(43)}`;
    const tries = await Promise.allSettled(Array.from({ length: 15 }, () => access.authenticate(knock(bearer(wrong), { remoteAddress: '10.0.0.1' }))));
    const codes = tries.map((one) => (one.status === 'rejected' ? code(one.reason) : 'let in'));
    expect([codes.filter((one) => one === 'UNAUTHENTICATED').length, codes.filter((one) => one === 'RATE_LIMITED').length]).toEqual([10, 5]);
    await expect(access.authenticate(knock(bearer(wrong), { remoteAddress: '10.0.0.1' }))).rejects.toMatchObject({ code: 'RATE_LIMITED', status: 429, details: { retryAfterMs: expect.any(Number) as number } });
    expect(await access.authenticate(knock(bearer(made.key), { remoteAddress: '10.0.0.1' }))).toMatchObject({ keyId: made.id });
    await expect(access.authenticate(knock(bearer(wrong), { remoteAddress: '10.0.0.2' }))).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    await clock.advance(6_000);
    await expect(access.authenticate(knock(bearer(wrong), { remoteAddress: '10.0.0.1' }))).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  it('counts 64 bits of IPv6 as one', async () => {
    const { access } = await open();
    const tries = Array.from({ length: 11 }, (_, n) => access.authenticate(knock(bearer(`kb_${'0'.repeat(19)}_${'a'.repeat(43)}`), { remoteAddress: `2001:db8::${n.toString(16)}` })));
    expect((await Promise.allSettled(tries)).filter((one) => one.status === 'rejected' && code(one.reason) === 'RATE_LIMITED')).toHaveLength(1);
    await expect(access.authenticate(knock(bearer('kb_x'), { remoteAddress: '2001:db8:0:1::1' }))).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  it('is in the audit log, and cannot flood it', async () => {
    const { access, deps, logger } = await open();
    await Promise.allSettled(Array.from({ length: 150 }, (_, n) => access.authenticate(knock(bearer('kb_x'), { remoteAddress: `10.0.1.${String(n)}` }))));
    const rows = await deps.records.list('audit', { limit: 200 });
    expect(rows).toHaveLength(120);
    expect(rows[0]?.value).toMatchObject({ action: 'authenticate', outcome: 'refused', details: { problem: 'the key is not valid', address: expect.stringContaining('10.0.1.') as string } });
    expect(logger.entries.filter(({ message }) => message === 'a credential was refused')).toHaveLength(30);
    expect((await verifyAudit(deps)).intact).toBe(true);
  });
});

describe('limit', () => {
  const tier: Tier = { requestsPerMinute: 20, requestsPerMinutePerKey: 12, runsPerMinute: 3, retention: TIERS.free.retention };
  const caller = (keyId: string | null, tenant = 'acme'): Caller => ({ keyId, name: 'ci', role: 'runner', tenant, via: 'key' });
  const read = { name: 'listRuns', permission: 'read' } as const;
  const start = { name: 'startRun', permission: 'run' } as const;

  it('is per key and per tenant, exact when everybody asks at once, and says what is left', async () => {
    const { access } = await open({ tierOf: () => tier });
    const ask = async (who: Caller, times: number) => {
      const tries = await Promise.allSettled(Array.from({ length: times }, () => access.limit(who, read)));
      return tries.filter(({ status }) => status === 'fulfilled').length;
    };
    expect(await access.limit(caller('a'), read)).toEqual({ 'RateLimit-Limit': '12', 'RateLimit-Remaining': '11', 'RateLimit-Reset': '5' });
    expect(await ask(caller('a'), 50)).toBe(11);
    expect(await ask(caller('b'), 50), 'what is left to the tenant').toBe(8);
    expect(await ask(caller(null, 'other'), 50), 'another tenant has its own').toBe(12);
  });

  it('lets requests through again as time goes by', async () => {
    const { access, clock } = await open({ tierOf: () => tier });
    for (let n = 0; n < 12; n += 1) await access.limit(caller('a'), read);
    await expect(access.limit(caller('a'), read)).rejects.toMatchObject({ code: 'RATE_LIMITED', message: 'too many requests: again in 5 s', details: { retryAfterMs: 5_000 } });
    await clock.advance(5_000);
    expect(await access.limit(caller('a'), read)).toMatchObject({ 'RateLimit-Remaining': '0' });
  });

  it('counts starts of runs apart, and takes nothing for a start that is refused', async () => {
    const { access } = await open({ tierOf: () => tier });
    for (let n = 0; n < 3; n += 1) await access.limit(caller('a'), start);
    for (let n = 0; n < 20; n += 1) await expect(access.limit(caller('a'), start)).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    expect(await access.limit(caller('a'), read)).toMatchObject({ 'RateLimit-Remaining': '8' });
    await expect(access.limit(caller('b'), { name: 'rerunRun', permission: 'run' })).rejects.toMatchObject({ code: 'RATE_LIMITED' });
  });

  it('is none where the tier has none', async () => {
    const { access } = await open();
    expect(await access.limit(caller('a'), start)).toEqual({});
  });
});

describe('record', () => {
  it('writes who, with what and for whom to the audit log', async () => {
    const { access, deps, key } = await open();
    const made = await key('runner');
    const caller = await access.authenticate(knock(bearer(made.key)));
    await Promise.all(Array.from({ length: 20 }, (_, n) => access.record({ caller, action: 'startRun', target: `/x/${String(n)}`, outcome: n % 2 === 0 ? 'asked' : 'refused', details: n % 2 === 0 ? {} : { code: 'FORBIDDEN' } })));
    const { items } = await listAudit(deps, { tenant: 'acme' });
    expect(items).toHaveLength(20);
    expect(items[0]).toMatchObject({ actor: 'runner', tenant: 'acme', action: 'startRun', target: '/x/19', outcome: 'refused', details: { code: 'FORBIDDEN', via: 'key', keyId: made.id } });
    expect((await verifyAudit(deps)).intact).toBe(true);
  });

  it('waits for the disk itself only where no change comes after it', async () => {
    const { deps } = await open();
    const waited: unknown[] = [];
    const records: typeof deps.records = {
      get: (...asked) => deps.records.get(...asked),
      list: (...asked) => deps.records.list(...asked),
      write: (changes, options) => (waited.push(options?.waitsForDisk), deps.records.write(changes, options)),
    };
    const access = createAccess({ ...deps, records }, { tierOf: () => unbounded, secure: false });
    const caller: Caller = { keyId: null, name: 'ada', role: 'admin', tenant: 'acme', via: 'loopback' };
    const asked = { caller, action: 'startRun', target: '/x', details: {} };
    await access.record({ ...asked, outcome: 'asked' });
    await access.record({ ...asked, outcome: 'refused' });
    expect(waited).toEqual([false, true]);
  });
});
