import type { ApiKeyView, AuditEntry, NewApiKeyView, Page } from '@kb-labs/contracts';
import { createKey, verifyAudit } from '@kb-labs/engine';
import { describe, expect, it, onTestFinished } from 'vitest';

import { APPROVAL, type Harness } from '../harness.fixture.js';
import { openWithAccess } from './real-access.fixture.js';

async function open(): Promise<{ harness: Harness; admin: string; host: string }> {
  const harness = await openWithAccess({ workflows: { 'ask.yml': APPROVAL }, works: false });
  onTestFinished(() => harness.close());
  const { key } = await createKey(harness.deps, { name: 'ada', role: 'admin', tenant: 'acme', by: 'test' });
  return { harness, admin: key, host: new URL(harness.url).host };
}

const START = { body: { workflowId: 'ask' } };
const RUNS = '/api/v1/workflows/runs';

describe('keys over HTTP', () => {
  it('are made for the tenant of the caller, listed without their secrets, and taken back', async () => {
    const { harness, admin } = await open();
    const made = await harness.ask(admin, 'POST', '/api/v1/keys', { body: { name: 'ci', role: 'runner', expiresInMs: 60_000 } });
    expect(made).toMatchObject({ status: 201, json: { name: 'ci', role: 'runner', tenant: 'acme', createdBy: 'ada' } });
    const { id, key } = made.json as NewApiKeyView;
    expect((await harness.ask(key, 'POST', RUNS, START)).status).toBe(201);
    expect((await harness.ask(key, 'GET', '/api/v1/keys')).status).toBe(403);
    const listed = await harness.ask(admin, 'GET', '/api/v1/keys?limit=1');
    expect((listed.json as Page<ApiKeyView>).items).toMatchObject([{ id, status: 'active', lastUsedAt: expect.any(String) as string }]);
    expect(listed.text).not.toContain(key.slice(-43));
    expect(await harness.ask(admin, 'POST', `/api/v1/keys/${id}/revoke`, { body: {} })).toMatchObject({ status: 200, json: { status: 'revoked' } });
    expect((await harness.ask(admin, 'POST', '/api/v1/keys/nobody00/revoke', { body: {} })).status).toBe(404);
  });

  it('cannot be made with more than there is, or for another tenant', async () => {
    const { harness, admin } = await open();
    for (const body of [{ name: 'x', role: 'root' }, { name: '', role: 'viewer' }, { name: 'x', role: 'viewer', tenant: 'other' }, { name: 'x', role: 'viewer', expiresInMs: 0 }]) {
      expect((await harness.ask(admin, 'POST', '/api/v1/keys', { body })).status, JSON.stringify(body)).toBe(400);
    }
  });
});

describe('a browser', () => {
  async function signedIn() {
    const opened = await open();
    const link = await opened.harness.ask(opened.admin, 'POST', '/api/v1/auth/links', { body: {} });
    const { path } = link.json as { path: string };
    const entered = await opened.harness.ask(undefined, 'GET', path);
    const cookie = String(entered.headers['set-cookie']).split(';')[0] ?? '';
    return { ...opened, link, path, entered, cookie };
  }

  it('is let in by a link, once, and led on', async () => {
    const { harness, link, path, entered, cookie, host } = await signedIn();
    expect(link.status).toBe(201);
    expect(entered).toMatchObject({ status: 303, headers: { location: './', 'referrer-policy': 'no-referrer', 'cache-control': 'no-store' } });
    expect(String(entered.headers['set-cookie'])).toMatch(new RegExp(`^kb_session_${host.split(':')[1] ?? ''}=[\\w-]{43}; Path=/; Max-Age=604800; HttpOnly; SameSite=Strict$`));
    expect(await harness.ask(undefined, 'GET', path)).toMatchObject({ status: 401, json: { code: 'LINK_UNUSABLE' } });
    expect(await harness.ask(undefined, 'GET', '/api/v1/auth/me', { headers: { cookie } })).toMatchObject({ status: 200, json: { name: 'ada', via: 'session', csrf: expect.any(String) as string } });
  });

  it('does not use a link up by looking at its head', async () => {
    const { harness, admin } = await open();
    const { path } = (await harness.ask(admin, 'POST', '/api/v1/auth/links', { body: {} })).json as { path: string };
    expect(await harness.ask(undefined, 'HEAD', path)).toMatchObject({ status: 405, headers: { allow: 'GET' } });
    expect((await harness.ask(undefined, 'GET', path)).status).toBe(303);
  });

  it('does not use a link up by fetching it ahead', async () => {
    const { harness, admin } = await open();
    const { path } = (await harness.ask(admin, 'POST', '/api/v1/auth/links', { body: {} })).json as { path: string };
    expect((await harness.ask(undefined, 'GET', path, { headers: { 'sec-purpose': 'prefetch;prerender' } })).status).toBe(401);
    expect((await harness.ask(undefined, 'GET', path)).status).toBe(303);
  });

  it('changes things with the token, and is made to by no other page', async () => {
    const { harness, cookie, host } = await signedIn();
    const { csrf } = (await harness.ask(undefined, 'GET', '/api/v1/auth/me', { headers: { cookie } })).json as { csrf: string };
    const post = async (headers: Record<string, string>) => (await harness.ask(undefined, 'POST', RUNS, { ...START, headers: { cookie, ...headers } })).status;
    expect(await post({ origin: `http://${host}`, 'x-kb-csrf': csrf })).toBe(201);
    expect(await post({ origin: `http://${host}` })).toBe(403);
    expect(await post({ origin: 'http://localhost:1', 'x-kb-csrf': csrf })).toBe(403);
    expect(await post({})).toBe(403);
    const out = await harness.ask(undefined, 'POST', '/api/v1/auth/sign-out', { body: {}, headers: { cookie, origin: `http://${host}`, 'x-kb-csrf': csrf } });
    expect(out.status).toBe(200);
    expect((await harness.ask(undefined, 'GET', RUNS, { headers: { cookie } })).status).toBe(401);
  });
});

describe('the audit log', () => {
  it('has every change before it is made, and what was refused', async () => {
    const { harness, admin } = await open();
    const { key } = (await harness.ask(admin, 'POST', '/api/v1/keys', { body: { name: 'looks', role: 'viewer' } })).json as NewApiKeyView;
    await harness.ask(key, 'POST', RUNS, START);
    await harness.ask(admin, 'POST', `${RUNS}/run_00000000000000000000000000/cancel`, { body: {} });
    const { items } = (await harness.ask(admin, 'GET', '/api/v1/audit')).json as Page<AuditEntry>;
    expect(items.map(({ actor, action, outcome, details }) => [actor, action, outcome, details['code'] ?? null])).toEqual([
      ['ada', 'cancelRun', 'refused', 'RUN_NOT_FOUND'],
      ['ada', 'cancelRun', 'asked', null],
      ['looks', 'startRun', 'refused', 'FORBIDDEN'],
      ['ada', 'createKey', 'asked', null],
    ]);
    expect(JSON.stringify(items)).not.toContain(key.slice(-43));
    expect((await harness.ask(key, 'GET', '/api/v1/audit')).status).toBe(403);
    expect((await verifyAudit(harness.deps)).intact).toBe(true);
  });
});
