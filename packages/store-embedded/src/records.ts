import { type JsonValue, type KeySpan, problemOfRecord, spanOfPage } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';
import type { Clock, RecordChange, RecordPage, Records, RecordWriteOptions, StoredRecord } from '@kb-labs/ports';

import type { CommitGroup } from './commit-group.js';
import { AT_MOST, type Connection } from './connection.js';

interface RecordRow {
  readonly key: string;
  readonly version: number;
  readonly value: string;
}

/** How many records that are past their time one write removes. More than it usually adds, so they cannot pile up. */
const RECORDS_PER_SWEEP = 16;

const NOT_OVER = '(expires_at IS NULL OR expires_at > ?)';

export class EmbeddedRecords implements Records {
  readonly #connection: Connection;
  readonly #group: CommitGroup;
  readonly #clock: Clock;

  constructor(connection: Connection, group: CommitGroup, clock: Clock) {
    this.#connection = connection;
    this.#group = group;
    this.#clock = clock;
  }

  get(kind: string, key: string): Promise<StoredRecord | undefined> {
    return this.#group.read(() => {
      const row = findRecord(this.#connection, { kind, key }, this.#clock.now());
      return row === undefined ? undefined : toRecord(kind, row);
    });
  }

  list(kind: string, page: RecordPage): Promise<StoredRecord[]> {
    return this.#group.read(() => listRecords(this.#connection, { kind, page, now: this.#clock.now() }).map((row) => toRecord(kind, row)));
  }

  async write(changes: readonly RecordChange[], options?: RecordWriteOptions): Promise<boolean> {
    const written = changes.map((change) => ({ ...change, json: 'remove' in change ? undefined : JSON.stringify(change.value) }));
    checkChanges(written);
    return await this.#group.write(() => writeRecords(this.#connection, written, this.#clock.now()), options);
  }
}

type WrittenChange = RecordChange & { readonly json: string | undefined };

function checkChanges(changes: readonly WrittenChange[]): void {
  const names = new Set<string>();
  for (const { kind, key, json } of changes) {
    const problem = names.has(`${kind} ${key}`) ? `${kind} ${key} is named twice` : problemOfRecord({ kind, key, ...(json === undefined ? {} : { json }) });
    if (problem !== undefined) throw new AppError('INTERNAL', { problem });
    names.add(`${kind} ${key}`);
  }
}

function writeRecords(connection: Connection, changes: readonly WrittenChange[], now: number): boolean {
  const found = changes.map((change) => findRecord(connection, change, now)?.version ?? 0);
  if (changes.some(({ expected }, index) => expected !== undefined && expected !== found[index])) return false;
  connection.run(
    `DELETE FROM record WHERE n IN (SELECT n FROM record WHERE expires_at <= ? ORDER BY expires_at ${AT_MOST})`,
    now,
    RECORDS_PER_SWEEP,
  );
  for (const [index, change] of changes.entries()) {
    if (change.json === undefined) {
      connection.run('DELETE FROM record WHERE kind = ? AND key = ?', change.kind, change.key);
      continue;
    }
    connection.run(
      `INSERT INTO record (kind, key, version, value, expires_at) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (kind, key) DO UPDATE SET version = excluded.version, value = excluded.value, expires_at = excluded.expires_at`,
      change.kind,
      change.key,
      (found[index] ?? 0) + 1,
      change.json,
      'expiresAt' in change ? (change.expiresAt ?? null) : null,
    );
  }
  return true;
}

function findRecord(connection: Connection, { kind, key }: { kind: string; key: string }, now: number): RecordRow | undefined {
  return connection.get<RecordRow>(`SELECT key, version, value FROM record WHERE kind = ? AND key = ? AND ${NOT_OVER}`, kind, key, now);
}

export function listRecords(connection: Connection, { kind, page, now }: { kind: string; page: RecordPage; now: number }): RecordRow[] {
  const { from, to }: KeySpan = spanOfPage(page);
  const conditions = ['kind = ?'];
  const values: (string | number)[] = [kind];
  if (from !== undefined) {
    conditions.push(from.open ? 'key > ?' : 'key >= ?');
    values.push(from.key);
  }
  if (to !== undefined) {
    conditions.push('key < ?');
    values.push(to);
  }
  const order = page.descending === true ? 'DESC' : 'ASC';
  return connection.all<RecordRow>(
    `SELECT key, version, value FROM record WHERE ${conditions.join(' AND ')} AND ${NOT_OVER} ORDER BY key ${order} ${AT_MOST}`,
    ...values,
    now,
    Math.max(page.limit, 0),
  );
}

function toRecord(kind: string, { key, version, value }: RecordRow): StoredRecord {
  try {
    return { key, version, value: JSON.parse(value) as JsonValue };
  } catch {
    throw new AppError('STATE_CORRUPT', { problem: `the record ${kind} ${key} cannot be read` });
  }
}
