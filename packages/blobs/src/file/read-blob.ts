import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, lstat, open } from 'node:fs/promises';
import { dirname } from 'node:path';

import { damaged } from '../damaged.js';
import { isAbsent, toStateError } from './file-errors.js';
import { type BlobPlace, pathOf, refuseLinks } from './place.js';

const CHUNK_BYTES = 256 * 1024;

/** The bytes, read when they are iterated. A link in place of the file or of a folder above it is `STATE_CORRUPT`. */
export async function findBlob(place: BlobPlace, hash: string): Promise<AsyncIterable<Uint8Array> | undefined> {
  const path = pathOf(place, hash);
  try {
    await refuseLinks(place, dirname(path));
    if (!(await lstat(path)).isFile()) throw damaged(hash);
  } catch (thrown) {
    if (isAbsent(thrown)) return undefined;
    throw toStateError(thrown);
  }
  return { [Symbol.asyncIterator]: () => readBlob(path, hash) };
}

async function* readBlob(path: string, hash: string): AsyncGenerator<Uint8Array> {
  const sum = createHash('sha256');
  const handle = await openPlain(path);
  try {
    for (;;) {
      const chunk = await readChunk(handle);
      if (chunk.byteLength === 0) break;
      sum.update(chunk);
      yield chunk;
    }
  } finally {
    await handle.close();
  }
  if (sum.digest('hex') !== hash) throw damaged(hash);
}

async function openPlain(path: string): Promise<FileHandle> {
  try {
    return await open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
  } catch (thrown) {
    throw toStateError(thrown);
  }
}

/** A fresh buffer each time: the one before belongs to whoever reads. */
async function readChunk(handle: FileHandle): Promise<Uint8Array> {
  try {
    const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
    const { bytesRead } = await handle.read(buffer, 0, CHUNK_BYTES);
    return buffer.subarray(0, bytesRead);
  } catch (thrown) {
    throw toStateError(thrown);
  }
}
