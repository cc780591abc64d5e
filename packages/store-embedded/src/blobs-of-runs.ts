import type { StoredBlob } from '@kb-labs/ports';

import { AT_MOST, type Connection } from './connection.js';

/** Notes what a run refers to. What it refers to already changes nothing. */
export function referTo(connection: Connection, run: number, blobs: readonly StoredBlob[]): void {
  for (const { digest, bytes } of blobs) {
    const blob = connection.get<{ key: number }>(
      'INSERT INTO blob (digest) VALUES (?) ON CONFLICT (digest) DO UPDATE SET unused_since = NULL RETURNING key',
      digest,
    );
    if (blob === undefined) throw new Error('the row of a blob was not inserted');
    const added = connection.change('INSERT OR IGNORE INTO blob_of_run (run, blob, bytes) VALUES (?, ?, ?)', run, blob.key, bytes);
    if (added > 0) connection.run('UPDATE run SET artifact_bytes = artifact_bytes + ?, blobs = blobs + 1 WHERE key = ?', bytes, run);
  }
}

/** Forgets what a run refers to. What nobody else refers to is unused from now on. */
export function releaseBlobs(connection: Connection, run: number, now: number): void {
  const released = connection.all<{ blob: number }>('DELETE FROM blob_of_run WHERE run = ? RETURNING blob', run);
  for (const { blob } of released) {
    connection.run('UPDATE blob SET unused_since = ? WHERE key = ? AND NOT EXISTS (SELECT 1 FROM blob_of_run WHERE blob = ?)', now, blob, blob);
  }
}

export function unusedBlobs(connection: Connection, query: { before: number; limit: number }): string[] {
  const rows = connection.all<{ digest: string }>(
    `SELECT digest FROM blob WHERE unused_since < ? ORDER BY unused_since ${AT_MOST}`,
    query.before,
    Math.max(query.limit, 0),
  );
  return rows.map((row) => row.digest);
}

/** Answers those that are in use. */
export function forgetBlobs(connection: Connection, digests: readonly string[]): string[] {
  return digests.filter((digest) => {
    connection.run('DELETE FROM blob WHERE digest = ? AND unused_since IS NOT NULL', digest);
    return connection.get('SELECT 1 FROM blob WHERE digest = ?', digest) !== undefined;
  });
}
