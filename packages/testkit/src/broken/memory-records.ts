import { type JsonValue, problemOfRecord } from '@kb-labs/contracts';
import type { RecordChange, RecordPage, Records, StoredRecord } from '@kb-labs/ports';

import { comparedByBytes } from '../conformance/record-model.js';
import type { MemoryRecord, MemoryState } from './memory-state.js';

export function recordsOf(state: MemoryState): Records {
  return {
    get: (kind, key) => Promise.resolve(toStored(state, key, find(state, kind, key))),
    list: (kind, page) => Promise.resolve(list(state, kind, page)),
    write: (changes) => (state.has('records are not checked') ? Promise.resolve(write(state, changes)) : checked(changes).then(() => write(state, changes))),
  };
}

function checked(changes: readonly RecordChange[]): Promise<void> {
  const names = changes.map(({ kind, key }) => `${kind} ${key}`);
  const problems = changes.map((change) => problemOfRecord('remove' in change ? change : { ...change, json: JSON.stringify(change.value) }));
  const wrong = new Set(names).size < names.length || problems.some((problem) => problem !== undefined);
  return wrong ? Promise.reject(Object.assign(new Error('a mistake of the caller'), { code: 'INTERNAL' })) : Promise.resolve();
}

function nameOf(state: MemoryState, kind: string, key: string): string {
  return state.has('records of all kinds are one') ? ` ${key}` : `${kind} ${key}`;
}

function find(state: MemoryState, kind: string, key: string): MemoryRecord | undefined {
  const record = state.records.get(nameOf(state, kind, key));
  if (record === undefined || state.has('records never end')) return record;
  return record.expiresAt > state.clock.now() ? record : undefined;
}

function write(state: MemoryState, changes: readonly RecordChange[]): boolean {
  const versions = changes.map(({ kind, key }) => {
    const record = state.has('a record that is over keeps its version') ? state.records.get(nameOf(state, kind, key)) : find(state, kind, key);
    return record?.version ?? 0;
  });
  const misses = changes.map(({ expected }, index) => expected !== undefined && expected !== versions[index] && !state.has('expected versions are not looked at'));
  for (const [index, change] of changes.entries()) {
    if (misses.some(Boolean) && (misses[index] === true || !state.has('half of a write of records is kept'))) continue;
    const name = nameOf(state, change.kind, change.key);
    if ('remove' in change && !state.has('versions go on after a removal')) state.records.delete(name);
    else if ('remove' in change) state.records.set(name, { version: versions[index] ?? 0, json: 'null', expiresAt: Number.NEGATIVE_INFINITY });
    else {
      const before = state.has('versions go on after a removal') ? (state.records.get(name)?.version ?? 0) : (versions[index] ?? 0);
      const version = state.has('versions stay as they were') ? 1 : before + 1;
      state.records.set(name, { version, json: JSON.stringify(change.value), expiresAt: change.expiresAt ?? Infinity });
    }
  }
  return !misses.some(Boolean);
}

function list(state: MemoryState, kind: string, page: RecordPage): StoredRecord[] {
  const { prefix = '', after, descending = false, limit } = page;
  const direction = descending && !state.has('records are listed forwards only') ? -1 : 1;
  const start = nameOf(state, kind, '');
  const keys = [...state.records.keys()].filter((name) => name.startsWith(start)).map((name) => name.slice(start.length));
  if (state.has('records are listed in the order of JavaScript')) keys.sort();
  else keys.sort(comparedByBytes);
  if (direction < 0) keys.reverse();
  const fitting = keys.filter((key) => {
    if (!key.startsWith(prefix) && !state.has('a prefix of records is not looked at')) return false;
    if (after === undefined || (key === after && state.has('a page of records repeats one'))) return true;
    return comparedByBytes(key, after) * direction > 0;
  });
  const records = fitting.map((key) => toStored(state, key, find(state, kind, key)));
  return records.filter((record) => record !== undefined).slice(0, limit);
}

function toStored(state: MemoryState, key: string, record: MemoryRecord | undefined): StoredRecord | undefined {
  if (record === undefined) return undefined;
  const value = JSON.parse(record.json) as JsonValue;
  // Assigning, unlike parsing, takes a key named "__proto__" for the prototype.
  const loses = state.has('records lose their odd keys') && typeof value === 'object' && value !== null;
  return { key, version: record.version, value: loses ? Object.assign({}, value) : value };
}
