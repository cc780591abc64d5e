import type { Caller } from '@kb-labs/contracts';
import { describe, expect, it } from 'vitest';

import { createLink, endBrowserSession, openBrowserSession, readBrowserSession } from './browser-sessions.js';
import { manualClock } from './manual-clock.fixture.js';
import { memoryRecords } from './memory-records.fixture.js';

const HOUR = 3_600_000;
const ada: Caller = { keyId: 'k1', name: 'ada', role: 'author', tenant: 'acme', via: 'key' };

function open() {
  const clock = manualClock();
  return { clock, records: memoryRecords(clock) };
}

async function entered(deps: ReturnType<typeof open>, caller = ada) {
  const { code } = await createLink(deps, caller);
  return openBrowserSession(deps, code);
}

describe('a link', () => {
  it('opens one session, however many use it at once', async () => {
    const deps = open();
    const { code } = await createLink(deps, ada);
    const tries = await Promise.allSettled(Array.from({ length: 20 }, () => openBrowserSession(deps, code)));
    expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    await expect(openBrowserSession(deps, code)).rejects.toMatchObject({ code: 'LINK_UNUSABLE', status: 401 });
    expect(await deps.records.list('auth-session', { limit: 10 })).toHaveLength(1);
  });

  it('is good for a minute', async () => {
    const deps = open();
    const first = await createLink(deps, ada);
    expect(first.expiresAt - deps.clock.now()).toBe(60_000);
    deps.clock.advance(59_999);
    await openBrowserSession(deps, first.code);
    const second = await createLink(deps, ada);
    deps.clock.advance(60_000);
    await expect(openBrowserSession(deps, second.code)).rejects.toMatchObject({ code: 'LINK_UNUSABLE' });
  });

  it('cannot be made up, or made by a session', async () => {
    const deps = open();
    for (const code of ['', 'x', 'A'.repeat(43), `${(await createLink(deps, ada)).code}A`]) await expect(openBrowserSession(deps, code), code).rejects.toMatchObject({ code: 'LINK_UNUSABLE' });
    const { session } = await entered(deps);
    await expect(createLink(deps, session.caller)).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });
});

describe('a session', () => {
  it('is of whoever made the link, and says whether it is of this machine', async () => {
    const deps = open();
    const { token, session } = await entered(deps);
    expect(session).toMatchObject({ caller: { ...ada, via: 'session' }, loopback: false });
    expect(await readBrowserSession(deps, token)).toEqual(session);
    expect((await entered(deps, { ...ada, keyId: null, via: 'loopback' })).session).toMatchObject({ caller: { keyId: null, via: 'session' }, loopback: true });
  });

  it('is stored without what opens it', async () => {
    const deps = open();
    const { code } = await createLink(deps, ada);
    const { token, session } = await openBrowserSession(deps, code);
    const again = await createLink(deps, ada);
    const stored = JSON.stringify([await deps.records.list('auth-session', { limit: 10 }), await deps.records.list('auth-link', { limit: 10 })]);
    for (const secret of [code, token, session.csrf, again.code]) expect(stored).not.toContain(secret);
    expect(session.csrf).not.toBe((await entered(deps)).session.csrf);
  });

  it('lasts twelve hours from its last use, and a week in all', async () => {
    const deps = open();
    const { token } = await entered(deps);
    deps.clock.advance(12 * HOUR - 1);
    expect(await readBrowserSession(deps, token)).toBeDefined();
    deps.clock.advance(12 * HOUR);
    expect(await readBrowserSession(deps, token)).toBeUndefined();

    const long = await entered(deps);
    let hours = 0;
    for (; hours < 1_000; hours += 6) {
      if ((await readBrowserSession(deps, long.token)) === undefined) break;
      deps.clock.advance(6 * HOUR);
    }
    expect(hours).toBe(7 * 24);
  });

  it('is written again only when it becomes ten minutes longer', async () => {
    const deps = open();
    const { token } = await entered(deps);
    const before = deps.records.calls.write;
    for (let minute = 0; minute < 20; minute += 1) {
      await readBrowserSession(deps, token);
      deps.clock.advance(60_000);
    }
    expect(deps.records.calls.write - before).toBe(1);
  });

  it('ends when it is ended, also while it is read', async () => {
    const deps = open();
    const { token } = await entered(deps);
    deps.clock.advance(HOUR);
    await Promise.all([endBrowserSession(deps, token), readBrowserSession(deps, token)]);
    expect(await readBrowserSession(deps, token)).toBeUndefined();
    await endBrowserSession(deps, token);
    await endBrowserSession(deps, '../x');
  });
});
