import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;

/** How many transactions the write-ahead log holds. */
export function countCommits(dir: string): number {
  return pagesOfCommits(dir).length;
}

/** How many pages each transaction of the write-ahead log wrote: frames that name the size of the database end one (https://sqlite.org/walformat.html). */
export function pagesOfCommits(dir: string): number[] {
  const wal = readFileSync(join(dir, 'state.db-wal'));
  const frameBytes = FRAME_HEADER_BYTES + wal.readUInt32BE(8);
  const salt = wal.subarray(16, 24);
  const commits: number[] = [];
  let pages = 0;
  for (let at = HEADER_BYTES; at + frameBytes <= wal.length; at += frameBytes) {
    if (!wal.subarray(at + 8, at + 16).equals(salt)) break;
    pages += 1;
    if (wal.readUInt32BE(at + 4) === 0) continue;
    commits.push(pages);
    pages = 0;
  }
  return commits;
}
