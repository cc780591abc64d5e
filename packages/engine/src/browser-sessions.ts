import { createHash, createHmac, randomBytes } from 'node:crypto';

import type { Caller } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';

import type { EngineDeps } from './deps.js';
import { type Kept, RecordKind } from './record-kind.js';

const LINK_KIND = new RecordKind<StoredCaller>('auth-link');
const SESSION_KIND = new RecordKind<StoredSession>('auth-session');
const LINK_MS = 60_000;
/** Since it was last used, and since it was opened. */
const SESSION_MS = 12 * 3_600_000;
const SESSION_MAX_MS = 7 * 24 * 3_600_000;
/** How much later the end of a session must become for it to be written again. */
const EXTEND_MS = 10 * 60_000;
const TOKEN_BYTES = 32;
const TOKEN = /^[A-Za-z0-9_-]{43}$/;

type SessionDeps = Pick<EngineDeps, 'records' | 'clock'>;

/** Who opened it, as stored: a session can do what they could, and no longer than their key counts. */
interface StoredCaller {
  readonly keyId: string | null;
  readonly name: string;
  readonly role: Caller['role'];
  readonly tenant: string;
  readonly loopback: boolean;
}

interface StoredSession extends StoredCaller {
  readonly openedAt: number;
  readonly endsAt: number;
}

export interface BrowserSession {
  readonly caller: Caller;
  /** Opened with the key of this machine: it counts from this machine alone. */
  readonly loopback: boolean;
  /** What changes have to bring along: a page of another origin can send the cookie, but not read this. */
  readonly csrf: string;
  /** Milliseconds since the epoch. */
  readonly endsAt: number;
  /** How long it can last however often it is used: a browser has to keep its cookie for so long. */
  readonly lastsMs: number;
}

/** A code that opens one session within a minute. Only its hash is stored. */
export async function createLink(deps: SessionDeps, caller: Caller): Promise<{ readonly code: string; readonly expiresAt: number }> {
  const { keyId, name, role, tenant, via } = caller;
  // A session that could open further ones would never have to end.
  if (via === 'session') throw new AppError('FORBIDDEN', { problem: 'a session of a browser opens no other one' });
  const code = newToken();
  const expiresAt = deps.clock.now() + LINK_MS;
  const value: StoredCaller = { keyId, name, role, tenant, loopback: via === 'loopback' };
  if (!(await deps.records.write([LINK_KIND.put(hashOf(code), value, { expected: 0, expiresAt })]))) throw new AppError('INTERNAL', { problem: 'a fresh code was taken' });
  return { code, expiresAt };
}

/** Uses a code up and opens a session: of many who try at once, one. Fails with `LINK_UNUSABLE`. */
export async function openBrowserSession(deps: SessionDeps, code: string): Promise<{ readonly token: string; readonly session: BrowserSession }> {
  const link = TOKEN.test(code) ? await LINK_KIND.get(deps.records, hashOf(code)) : undefined;
  if (link === undefined) throw new AppError('LINK_UNUSABLE');
  const now = deps.clock.now();
  const token = newToken();
  const stored: StoredSession = { ...link.value, openedAt: now, endsAt: now + SESSION_MS };
  const opened = await deps.records.write([
    LINK_KIND.remove(link.key, link.version),
    SESSION_KIND.put(hashOf(token), stored, { expected: 0, expiresAt: stored.endsAt }),
  ]);
  if (!opened) throw new AppError('LINK_UNUSABLE');
  return { token, session: toSession(token, stored) };
}

/** The session of a token, which lasts twelve hours from now on then, seven days from its beginning at most. `undefined`: there is none. */
export async function readBrowserSession(deps: SessionDeps, token: string): Promise<BrowserSession | undefined> {
  const found = TOKEN.test(token) ? await SESSION_KIND.get(deps.records, hashOf(token)) : undefined;
  if (found === undefined) return undefined;
  if (deps.clock.now() >= found.value.endsAt) return undefined;
  return toSession(token, await extended(deps, found));
}

/** Ends a session; ending one that is not there changes nothing. */
export async function endBrowserSession({ records }: Pick<SessionDeps, 'records'>, token: string): Promise<void> {
  if (TOKEN.test(token)) await records.write([SESSION_KIND.remove(hashOf(token))]);
}

async function extended({ records, clock }: SessionDeps, { key, version, value: stored }: Kept<StoredSession>): Promise<StoredSession> {
  const endsAt = Math.min(clock.now() + SESSION_MS, stored.openedAt + SESSION_MAX_MS);
  if (endsAt - stored.endsAt < EXTEND_MS) return stored;
  const later = { ...stored, endsAt };
  // Where another request was first, or the session has just been ended, it stays as that left it.
  const written = await records.write([SESSION_KIND.put(key, later, { expected: version, expiresAt: endsAt })]);
  return written ? later : stored;
}

function toSession(token: string, stored: StoredSession): BrowserSession {
  const { keyId, name, role, tenant, loopback, endsAt } = stored;
  return { caller: { keyId, name, role, tenant, via: 'session' }, loopback, csrf: createHmac('sha256', token).update('csrf').digest('base64url'), endsAt, lastsMs: SESSION_MAX_MS };
}

function newToken(): string {
  return randomBytes(TOKEN_BYTES).toString('base64url');
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
