import { timingSafeEqual } from 'node:crypto';

import { type Caller, parseApiKey } from '@kb-labs/contracts';

import { hashSecret, KEY_KIND, KEY_USE_KIND, statusOf, type StoredKey } from './api-keys.js';
import type { EngineDeps } from './deps.js';

/** How long a key that was found good is taken for good: a revocation counts everywhere after this long at most. */
export const KEY_CACHE_MS = 5_000;
const CACHED_KEYS = 1_000;
const NOTE_USE_MS = 60_000;
/** Compared with where there is nothing to compare with, so that both take the same time. */
const NO_HASH = '0'.repeat(64);

type KeyDeps = Pick<EngineDeps, 'records' | 'clock' | 'logger'>;

/** Tells whose key a text is, in one process. */
export interface KeyRing {
  /** `undefined`: no key, one that was revoked, or one whose time is over; why is not told. */
  authenticate(presented: string): Promise<Caller | undefined>;
  /** Whether a key counts, for what was opened with it. */
  isActive(id: string): Promise<boolean>;
}

/** Remembers keys that were right for five seconds. What was wrong is not remembered: each try costs the same read and the same comparison. */
export function createKeyRing(deps: KeyDeps): KeyRing {
  const { clock } = deps;
  const right = new Map<string, { readonly id: string; readonly key: StoredKey; readonly until: number }>();
  const active = new Map<string, { readonly is: boolean; readonly until: number }>();
  const noted = new Map<string, number>();

  const noteUse = (id: string): void => {
    const now = clock.now();
    if (now - (noted.get(id) ?? Number.NEGATIVE_INFINITY) < NOTE_USE_MS) return;
    remember(noted, id, now);
    deps.records.write([KEY_USE_KIND.put(id, { at: now })]).catch((error: unknown) => {
      deps.logger.warn('cannot note when a key was used', { id, problem: String(error) });
    });
  };
  const callerOf = (id: string, { name, role, tenant }: StoredKey): Caller => {
    noteUse(id);
    return { keyId: id, name, role, tenant, via: 'key' };
  };
  return {
    authenticate: async (presented) => {
      const parsed = parseApiKey(presented);
      if (parsed === undefined) return undefined;
      const hash = hashSecret(parsed.secret);
      const place = `${parsed.id}.${hash}`;
      const known = right.get(place);
      const now = clock.now();
      // Its end can come while it is remembered.
      if (known !== undefined && now < known.until && statusOf(known.key, now) === 'active') return callerOf(known.id, known.key);
      const key = await readKey(deps, parsed.id);
      const same = timingSafeEqual(Buffer.from(key?.hash ?? NO_HASH, 'hex'), Buffer.from(hash, 'hex'));
      if (key === undefined || !same || statusOf(key, clock.now()) !== 'active') {
        right.delete(place);
        return undefined;
      }
      remember(right, place, { id: parsed.id, key, until: now + KEY_CACHE_MS });
      return callerOf(parsed.id, key);
    },
    isActive: async (id) => {
      const known = active.get(id);
      const now = clock.now();
      if (known !== undefined && now < known.until) return known.is;
      const key = await readKey(deps, id);
      const is = key !== undefined && statusOf(key, clock.now()) === 'active';
      remember(active, id, { is, until: now + KEY_CACHE_MS });
      return is;
    },
  };
}

async function readKey({ records }: KeyDeps, id: string): Promise<StoredKey | undefined> {
  return (await KEY_KIND.get(records, id))?.value;
}

function remember<Value>(known: Map<string, Value>, key: string, value: Value): void {
  known.delete(key);
  known.set(key, value);
  if (known.size <= CACHED_KEYS) return;
  for (const oldest of known.keys()) {
    known.delete(oldest);
    return;
  }
}
