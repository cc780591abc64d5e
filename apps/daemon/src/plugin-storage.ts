import { createHash } from 'node:crypto';

import { type JsonValue, LIMITS, type PluginStorage } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';
import type { StorageOwner } from '@kb-labs/plugin-host';
import type { RecordChange, Records } from '@kb-labs/ports';

const ENTRY = 'plugin-storage';
/** How much an owner keeps, beside its entries and in the same writes, so that nobody has to read them all to know it. */
const USE = 'plugin-storage-use';
const PAGE = 500;
/** Writes of other processes for the same owner come in between; so many in a row do not. */
const ATTEMPTS = 100;

/** What plugins keep for a tenant, as records beside the runs. `records` is asked for when the first one keeps something. */
export function pluginStorage(records: () => Records): (owner: StorageOwner) => PluginStorage {
  const lines = new Map<string, Promise<void>>();
  return (owner) => storageOf(records(), owner, lines);
}

/** `lines`: the last write of each owner in this process, behind which the next one waits. */
function storageOf(records: Records, owner: StorageOwner, lines: Map<string, Promise<void>>): PluginStorage {
  const home = homeOf(owner);
  const inLine = (act: () => Promise<void>): Promise<void> => {
    const done = (lines.get(home) ?? Promise.resolve()).then(act);
    const settled = done.catch(() => undefined).finally(() => {
      if (lines.get(home) === settled) lines.delete(home);
    });
    lines.set(home, settled);
    return done;
  };
  return {
    get: async (key) => (await records.get(ENTRY, home + key))?.value,
    set: (key, value) => inLine(() => change(records, owner, { key: home + key, value, name: key })),
    remove: (key) => inLine(() => change(records, owner, { key: home + key, name: key })),
    keys: async (prefix = '') => {
      const found: string[] = [];
      for (let after: string | undefined; ; ) {
        const page = await records.list(ENTRY, { prefix: home + prefix, limit: PAGE, ...(after === undefined ? {} : { after }) });
        found.push(...page.map(({ key }) => key.slice(home.length)));
        if (page.length < PAGE) return found;
        after = page.at(-1)?.key;
      }
    },
  };
}

/** What all keys of an owner begin with. Of a fixed length: no key, whatever it is, reaches into the home of another. */
function homeOf({ tenant, plugin }: StorageOwner): string {
  return `${createHash('sha256').update(JSON.stringify([tenant, plugin])).digest('hex')}/`;
}

interface Change {
  readonly key: string;
  /** As the plugin calls it. */
  readonly name: string;
  /** Absent: it is removed. */
  readonly value?: JsonValue;
}

interface Use {
  readonly entries: number;
  readonly bytes: number;
}

async function change(records: Records, owner: StorageOwner, { key, name, value }: Change): Promise<void> {
  const home = homeOf(owner);
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const [entry, counted] = await Promise.all([records.get(ENTRY, key), records.get(USE, home)]);
    if (entry === undefined && value === undefined) return;
    const before = toUse(counted?.value);
    const after: Use = {
      entries: before.entries + (value === undefined ? 0 : 1) - (entry === undefined ? 0 : 1),
      bytes: before.bytes + (value === undefined ? 0 : sizeOf(name, value)) - (entry === undefined ? 0 : sizeOf(name, entry.value)),
    };
    requireRoom(owner, before, after);
    const expected = { kind: ENTRY, key, expected: entry?.version ?? 0 } as const;
    const changes: RecordChange[] = [
      value === undefined ? { ...expected, remove: true } : { ...expected, value },
      { kind: USE, key: home, value: { ...after }, expected: counted?.version ?? 0 },
    ];
    if (await records.write(changes)) return;
  }
  throw new AppError('INTERNAL', { problem: `the storage of ${owner.plugin} was changed by others ${String(ATTEMPTS)} times in a row` });
}

/** What makes it smaller always has room. */
function requireRoom({ plugin, quotaBytes }: StorageOwner, before: Use, after: Use): void {
  if (after.entries > before.entries && after.entries > LIMITS.storageEntries) throw new AppError('STORAGE_FULL', { plugin, problem: `it has ${String(LIMITS.storageEntries)} entries` });
  if (quotaBytes !== undefined && after.bytes > before.bytes && after.bytes > quotaBytes) throw new AppError('QUOTA_EXCEEDED', { quota: 'storage', limit: quotaBytes });
}

function sizeOf(name: string, value: JsonValue): number {
  return Buffer.byteLength(name) + Buffer.byteLength(JSON.stringify(value));
}

function toUse(value: JsonValue | undefined): Use {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { entries: Number(value['entries']), bytes: Number(value['bytes']) } : { entries: 0, bytes: 0 };
}
