import { randomUUID } from 'node:crypto';
import { lstat, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { isAbsent, toStateError } from './file-errors.js';
import { type BlobPlace, incomingOf, makeFolder, pathOf, refuseLinks, syncFolder } from './place.js';

/**
 * Takes a blob out of its place first and looks at its time again there: whoever stored the same bytes in between has either
 * renewed the time of this file, which then goes back, or put a file of their own in its place.
 */
export async function removeBlob(place: BlobPlace, hash: string, unlessSince: number): Promise<boolean> {
  const path = pathOf(place, hash);
  try {
    await refuseLinks(place, dirname(path));
    if ((await timeOf(path)) >= unlessSince) return false;
    await makeFolder(place, incomingOf(place));
    const taken = join(incomingOf(place), randomUUID());
    await rename(path, taken);
    if ((await timeOf(taken)) >= unlessSince) {
      await rename(taken, path);
      return false;
    }
    await rm(taken);
    await syncFolder(dirname(path));
    return true;
  } catch (thrown) {
    if (isAbsent(thrown)) return true;
    throw toStateError(thrown);
  }
}

async function timeOf(path: string): Promise<number> {
  return (await lstat(path)).mtimeMs;
}
