import { type JsonValue, type KeySpan, problemOfRecord, spanOfPage } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';
import type { RecordChange, RecordPage, Records, StoredRecord } from '@kb-labs/ports';

import type { Keys } from './keys.js';
import type { Link } from './link.js';
import { GET_RECORD, LIST_RECORDS, WRITE_RECORDS } from './lua/record-scripts.js';

export class RedisRecords implements Records {
  readonly #link: Link;
  readonly #keys: Keys;

  constructor(link: Link, keys: Keys) {
    this.#link = link;
    this.#keys = keys;
  }

  get(kind: string, key: string): Promise<StoredRecord | undefined> {
    return this.#link.operate(async () => {
      const [version, value] = (await this.#link.run(GET_RECORD, [this.#keys.base], [this.#link.now, `${kind}:${key}`])) as string[];
      return version === undefined ? undefined : toRecord(kind, [key, version, value ?? '']);
    });
  }

  list(kind: string, page: RecordPage): Promise<StoredRecord[]> {
    const [from, to] = boundsOf(spanOfPage(page));
    return this.#link.operate(async () => {
      const args = [this.#link.now, kind, from, to, page.descending === true ? 1 : 0, Math.max(page.limit, 0)];
      const flat = (await this.#link.run(LIST_RECORDS, [this.#keys.base], args)) as string[];
      const rows = Array.from({ length: Math.floor(flat.length / 3) }, (_, index) => flat.slice(3 * index, 3 * index + 3));
      return rows.map(([key = '', version = '', value = '']) => toRecord(kind, [key, version, value]));
    });
  }

  async write(changes: readonly RecordChange[]): Promise<boolean> {
    const args = argumentsOf(changes);
    return await this.#link.operate(async () => (await this.#link.run(WRITE_RECORDS, [this.#keys.base], [this.#link.now, ...args])) === 1);
  }
}

/** As ZRANGE … BYLEX takes them. */
function boundsOf({ from, to }: KeySpan): readonly [string, string] {
  return [from === undefined ? '-' : (from.open ? '(' : '[') + from.key, to === undefined ? '+' : `(${to}`];
}

function argumentsOf(changes: readonly RecordChange[]): (string | number)[] {
  const names = new Set<string>();
  return changes.flatMap((change) => {
    const { kind, key, expected } = change;
    const json = 'remove' in change ? undefined : JSON.stringify(change.value);
    const name = `${kind} ${key}`;
    const problem = names.has(name) ? `${name} is named twice` : problemOfRecord({ kind, key, ...(json === undefined ? {} : { json }) });
    if (problem !== undefined) throw new AppError('INTERNAL', { problem });
    names.add(name);
    const expiresAt = 'remove' in change ? undefined : change.expiresAt;
    return [kind, key, expected ?? '', json === undefined ? 0 : 1, json ?? '', expiresAt ?? ''];
  });
}

function toRecord(kind: string, [key, version, value]: readonly [string, string, string]): StoredRecord {
  try {
    return { key, version: Number(version), value: JSON.parse(value) as JsonValue };
  } catch {
    throw new AppError('STATE_CORRUPT', { problem: `the record ${kind} ${key} cannot be read` });
  }
}
