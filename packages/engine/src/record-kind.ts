import type { JsonValue } from '@kb-labs/contracts';
import type { RecordChange, RecordPage, Records, StoredRecord } from '@kb-labs/ports';

/** A record as it was read. */
export interface Kept<Value> {
  readonly key: string;
  readonly version: number;
  readonly value: Value;
}

export interface EachRecord extends Omit<RecordPage, 'limit'> {
  /** How many are read at once, 100 when left out. */
  readonly pageSize?: number;
}

/** How a record is written: `expected` and `expiresAt` as in `RecordChange`. */
export interface PutRecord {
  readonly expected?: number;
  readonly expiresAt?: number;
}

/**
 * A kind of records and what its values are. Whatever is read of a kind was written through it by this version or an earlier one,
 * and is not checked again; what somebody could have altered is checked where it is used.
 */
export class RecordKind<Value> {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }

  async get(records: Records, key: string): Promise<Kept<Value> | undefined> {
    const found = await records.get(this.name, key);
    return found === undefined ? undefined : toKept<Value>(found);
  }

  async list(records: Records, page: RecordPage): Promise<Kept<Value>[]> {
    return (await records.list(this.name, page)).map((found) => toKept<Value>(found));
  }

  /** All of them, page by page. What is written meanwhile behind the place that was reached is met. */
  async *each(records: Records, { pageSize = 100, after: first, ...page }: EachRecord = {}): AsyncGenerator<Kept<Value>> {
    for (let after = first; ; ) {
      const found = await this.list(records, { ...page, limit: pageSize, ...(after === undefined ? {} : { after }) });
      yield* found;
      if (found.length < pageSize) return;
      after = found.at(-1)?.key;
    }
  }

  put(key: string, value: Value, how: PutRecord = {}): RecordChange {
    return { kind: this.name, key, value: value as JsonValue, ...how };
  }

  remove(key: string, expected?: number): RecordChange {
    return { kind: this.name, key, remove: true, ...(expected === undefined ? {} : { expected }) };
  }
}

function toKept<Value>({ key, version, value }: StoredRecord): Kept<Value> {
  return { key, version, value: value as Value };
}

/** Of a key `<tenant>/<name>` or `<tenant>/…/<name>`: what comes before the last slash, and behind it. */
export function splitKey(key: string): { readonly tenant: string; readonly name: string } {
  const slash = key.lastIndexOf('/');
  return { tenant: key.slice(0, slash), name: key.slice(slash + 1) };
}
