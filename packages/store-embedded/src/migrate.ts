import { AppError } from '@kb-labs/errors';

import type { Connection } from './connection.js';
import { type Migration, MIGRATIONS } from './schema.js';

/** Marks the file as ours in its header ("kblb"), so that no other database is taken for an empty one of ours. */
const APPLICATION_ID = 0x6b_62_6c_62;

/**
 * Brings the tables to the newest version, in one transaction. The version is SQLite's own `user_version`.
 * Fails with `STATE_SCHEMA` when the file is of a newer version or not ours; throws what SQLite throws otherwise.
 */
export function migrate(connection: Connection, migrations: readonly Migration[] = MIGRATIONS): void {
  const newest = migrations.at(-1)?.to ?? 0;
  if (readVersion(connection, newest) === newest) return;
  connection.exec('BEGIN IMMEDIATE');
  try {
    // Another process may have done it between the look and the lock.
    const version = readVersion(connection, newest);
    for (const migration of migrations) if (migration.to > version) connection.exec(migration.sql);
    connection.exec(`PRAGMA application_id = ${String(APPLICATION_ID)}; PRAGMA user_version = ${String(newest)}`);
    connection.exec('COMMIT');
  } catch (thrown) {
    if (connection.inTransaction) connection.exec('ROLLBACK');
    throw thrown;
  }
}

function readVersion(connection: Connection, newest: number): number {
  const version = connection.get<{ user_version: number }>('PRAGMA user_version')?.user_version ?? 0;
  if (version > newest) {
    throw new AppError('STATE_SCHEMA', { problem: `its tables are of version ${String(version)}, this program knows ${String(newest)}` });
  }
  if (isForeign(connection, version)) throw new AppError('STATE_SCHEMA', { problem: 'the file is a database of another program' });
  return version;
}

function isForeign(connection: Connection, version: number): boolean {
  const id = connection.get<{ application_id: number }>('PRAGMA application_id')?.application_id ?? 0;
  if (id === APPLICATION_ID) return false;
  return version !== 0 || id !== 0 || connection.get('SELECT 1 FROM sqlite_schema LIMIT 1') !== undefined;
}
