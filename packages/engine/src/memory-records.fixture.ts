import type { JsonValue } from '@kb-labs/contracts';
import type { Clock, RecordChange, Records, StoredRecord } from '@kb-labs/ports';

export interface MemoryRecords extends Records {
  /** How often it was read and written. */
  readonly calls: { get: number; list: number; write: number };
}

/** Records as a test can look at them, one write after the other. */
export function memoryRecords(clock: Pick<Clock, 'now'>): MemoryRecords {
  const kept = new Map<string, Map<string, { version: number; value: JsonValue; expiresAt: number }>>();
  const calls = { get: 0, list: 0, write: 0 };
  const find = (kind: string, key: string) => {
    const found = kept.get(kind)?.get(key);
    return found === undefined || found.expiresAt <= clock.now() ? undefined : found;
  };
  const isMet = (change: RecordChange): boolean => change.expected === undefined || (find(change.kind, change.key)?.version ?? 0) === change.expected;
  const apply = (change: RecordChange): void => {
    const ofKind = kept.get(change.kind) ?? new Map<string, { version: number; value: JsonValue; expiresAt: number }>();
    kept.set(change.kind, ofKind);
    if ('remove' in change) ofKind.delete(change.key);
    else ofKind.set(change.key, { version: (find(change.kind, change.key)?.version ?? 0) + 1, value: structuredClone(change.value), expiresAt: change.expiresAt ?? Number.POSITIVE_INFINITY });
  };
  return {
    calls,
    get: async (kind, key) => {
      calls.get += 1;
      await Promise.resolve();
      const found = find(kind, key);
      return found === undefined ? undefined : { key, version: found.version, value: structuredClone(found.value) };
    },
    list: async (kind, { prefix = '', after, descending = false, limit }) => {
      calls.list += 1;
      await Promise.resolve();
      const keys = [...(kept.get(kind)?.keys() ?? [])].filter((key) => key.startsWith(prefix) && find(kind, key) !== undefined).toSorted();
      const ordered = descending ? keys.toReversed() : keys;
      return ordered
        .filter((key) => after === undefined || (descending ? key < after : key > after))
        .slice(0, limit)
        .map((key): StoredRecord => ({ key, version: find(kind, key)?.version ?? 0, value: structuredClone(find(kind, key)?.value ?? null) }));
    },
    write: async (changes) => {
      calls.write += 1;
      await Promise.resolve();
      if (!changes.every(isMet)) return false;
      for (const change of changes) apply(change);
      return true;
    },
  };
}
