import { createHash, randomBytes } from 'node:crypto';

import { type ApiKeyView, formatApiKey, type NewApiKeyView, type Page, type Role, TENANT_NAME } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';

import type { EngineDeps } from './deps.js';
import { pageLimit } from './page-limit.js';
import { RecordKind } from './record-kind.js';

/** A key by its id: found in one read, whatever its tenant. */
export const KEY_KIND = new RecordKind<StoredKey>('api-key');
/** `<tenant>/<id>`: the keys of a tenant, in the order they were made. */
const OF_TENANT_KIND = new RecordKind<null>('api-key-of');
/** When a key was last used, apart from the key: noting it must not conflict with revoking it. */
export const KEY_USE_KIND = new RecordKind<{ readonly at: number }>('api-key-use');

const SECRET_BYTES = 32;
const NAME_LENGTH = 128;
const LIFE_MAX_MS = 10 * 366 * 24 * 3_600_000;

/** As stored. */
export interface StoredKey {
  readonly name: string;
  readonly role: Role;
  readonly tenant: string;
  readonly hash: string;
  readonly createdAt: number;
  readonly createdBy: string;
  readonly expiresAt: number | null;
  readonly revokedAt: number | null;
}

export interface CreateKey {
  readonly name: string;
  readonly role: Role;
  readonly tenant: string;
  /** How long it is good for, in milliseconds; for ever when left out. */
  readonly lifeMs?: number;
  /** Who makes it. */
  readonly by: string;
}

type KeyDeps = Pick<EngineDeps, 'records' | 'clock'>;

/** Makes a key. It is in the answer and nowhere else: what is stored cannot be turned back into it. */
export async function createKey(deps: KeyDeps, command: CreateKey): Promise<NewApiKeyView> {
  const { name, role, tenant, lifeMs, by } = command;
  if (name.length === 0 || name.length > NAME_LENGTH) throw new AppError('USAGE', { problem: `the name of a key has 1 to ${String(NAME_LENGTH)} characters` });
  // It signs runs and decisions.
  if (/\p{C}/u.test(name)) throw new AppError('USAGE', { problem: 'the name of a key has no control characters' });
  if (!TENANT_NAME.test(tenant)) throw new AppError('USAGE', { problem: `"${tenant}" cannot name a tenant` }, { hint: 'use a-z, 0-9, - and _, at most 64' });
  if (lifeMs !== undefined && !(lifeMs > 0 && lifeMs <= LIFE_MAX_MS)) throw new AppError('USAGE', { problem: 'a key is good for longer than no time and for ten years at most' });
  const now = deps.clock.now();
  const id = now.toString(36).padStart(9, '0') + randomBytes(5).toString('hex');
  const secret = randomBytes(SECRET_BYTES).toString('base64url');
  const key: StoredKey = {
    name,
    role,
    tenant,
    hash: hashSecret(secret),
    createdAt: now,
    createdBy: by,
    expiresAt: lifeMs === undefined ? null : now + lifeMs,
    revokedAt: null,
  };
  const written = await deps.records.write([
    KEY_KIND.put(id, key, { expected: 0 }),
    OF_TENANT_KIND.put(`${tenant}/${id}`, null, { expected: 0 }),
  ]);
  if (!written) throw new AppError('INTERNAL', { problem: 'a fresh id was taken' });
  return { ...toView(id, key, { now, lastUsedAt: null }), key: formatApiKey({ id, secret }) };
}

export interface ListKeys {
  readonly tenant: string;
  /** Of an earlier page. */
  readonly cursor?: string;
  /** 1 to 200, 20 when left out. */
  readonly limit?: number;
}

/** The keys of a tenant, newest first, those among them that count no longer. */
export async function listKeys(deps: KeyDeps, query: ListKeys): Promise<Page<ApiKeyView>> {
  const limit = pageLimit(query.limit);
  if (query.cursor !== undefined && !/^[a-z0-9]{8,32}$/.test(query.cursor)) throw new AppError('USAGE', { problem: `"${query.cursor}" is no cursor of a page` });
  const prefix = `${query.tenant}/`;
  const found = await OF_TENANT_KIND.list(deps.records, { prefix, descending: true, limit: limit + 1, ...(query.cursor === undefined ? {} : { after: prefix + query.cursor }) });
  const ids = found.slice(0, limit).map(({ key }) => key.slice(prefix.length));
  const items = await Promise.all(ids.map((id) => viewOf(deps, id)));
  const last = ids.at(-1);
  return { items: items.filter((item) => item !== undefined), ...(found.length > limit && last !== undefined ? { nextCursor: last } : {}) };
}

export interface RevokeKey {
  readonly id: string;
  /** When given, the key must be of this tenant; one of another is not there. */
  readonly tenant?: string;
}

/** Takes a key back for ever; sessions opened with it end too. Doing it again changes nothing. Fails with `KEY_NOT_FOUND`. */
export async function revokeKey(deps: KeyDeps, { id, tenant }: RevokeKey): Promise<ApiKeyView> {
  for (;;) {
    const found = await KEY_KIND.get(deps.records, id);
    if (found === undefined || (tenant !== undefined && found.value.tenant !== tenant)) throw new AppError('KEY_NOT_FOUND', { id });
    if (found.value.revokedAt === null) {
      const revoked = { ...found.value, revokedAt: deps.clock.now() };
      const written = await deps.records.write([KEY_KIND.put(id, revoked, { expected: found.version })]);
      if (!written) continue;
    }
    const view = await viewOf(deps, id);
    if (view === undefined) throw new AppError('KEY_NOT_FOUND', { id });
    return view;
  }
}

/** Whether anybody could administer this installation from elsewhere: a key with the role admin that counts now. */
export async function hasAdminKey(deps: KeyDeps): Promise<boolean> {
  for await (const { value } of KEY_KIND.each(deps.records)) if (isAdmin(value, deps.clock.now())) return true;
  return false;
}

/** Of 256 random bits: nothing slower is needed, because there is nothing that could be guessed. */
export function hashSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

export function statusOf(key: Pick<StoredKey, 'expiresAt' | 'revokedAt'>, now: number): ApiKeyView['status'] {
  if (key.revokedAt !== null) return 'revoked';
  return key.expiresAt !== null && key.expiresAt <= now ? 'expired' : 'active';
}

function isAdmin(key: StoredKey, now: number): boolean {
  return key.role === 'admin' && statusOf(key, now) === 'active';
}

async function viewOf({ records, clock }: KeyDeps, id: string): Promise<ApiKeyView | undefined> {
  const [found, used] = await Promise.all([KEY_KIND.get(records, id), KEY_USE_KIND.get(records, id)]);
  if (found === undefined) return undefined;
  return toView(id, found.value, { now: clock.now(), lastUsedAt: used?.value.at ?? null });
}

function toView(id: string, key: StoredKey, { now, lastUsedAt }: { now: number; lastUsedAt: number | null }): ApiKeyView {
  const { name, role, tenant, createdBy } = key;
  return {
    id,
    name,
    role,
    tenant,
    status: statusOf(key, now),
    createdAt: new Date(key.createdAt).toISOString(),
    createdBy,
    expiresAt: toIso(key.expiresAt),
    lastUsedAt: toIso(lastUsedAt),
    revokedAt: toIso(key.revokedAt),
  };
}

function toIso(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
