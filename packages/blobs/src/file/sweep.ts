import { lstat, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { type BlobPlace, incomingOf } from './place.js';

/** Longer than any step may run, in milliseconds: a file untouched for so long has no writer any more. */
const ABANDONED_MS = 48 * 3_600_000;

/**
 * Removes what crashed writers left, and nothing else. Called with a file just made in the folder, whose own time of
 * change is then the present by the clock that dates the files.
 */
export async function sweepIncoming(place: BlobPlace): Promise<void> {
  const folder = incomingOf(place);
  const { mtimeMs: now } = await lstat(folder);
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    const found = await lstat(path);
    if (found.isFile() && found.mtimeMs < now - ABANDONED_MS) await rm(path, { force: true });
  }
}
