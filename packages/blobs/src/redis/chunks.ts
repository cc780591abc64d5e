import { chunkKey } from './keys.js';
import { chunkLengths, type Manifest } from './manifest.js';
import type { RedisPlace } from './place.js';
import { onRedis } from './redis-errors.js';

/** Chunks that nothing refers to yet end by themselves, after longer than any step may run, in milliseconds. */
const ABANDONED_MS = 48 * 3_600_000;

/** A blob of 1 GiB has 2,048 chunks: so many of them are asked about in one go. */
const ASKED_AT_ONCE = 256;

/** Where chunks are, published or not. */
export type Upload = Pick<Manifest, 'upload' | 'bytes' | 'chunkBytes'>;

export async function putChunk(place: RedisPlace, chunk: { upload: string; index: number; bytes: Buffer }): Promise<void> {
  const key = chunkKey(place.prefix, chunk.upload, chunk.index);
  await onRedis(() => place.redis.set(key, chunk.bytes, 'PX', ABANDONED_MS));
}

export function getChunk(place: RedisPlace, upload: string, index: number): Promise<Buffer | null> {
  return onRedis(() => place.redis.getBuffer(chunkKey(place.prefix, upload, index)));
}

/** Makes chunks stay. `false` when one of them is not there, or is not as long as it was written. Can be done again. */
export async function keepChunks(place: RedisPlace, manifest: Manifest): Promise<boolean> {
  return await ofEach(place, manifest, async (key, length) => {
    // In this order: what is there after it stays.
    const [, found] = await Promise.all([place.redis.persist(key), place.redis.strlen(key)]);
    return found === length;
  });
}

/** Removes the chunks of an upload that nothing refers to. Those that cannot be removed end by themselves. */
export async function dropChunks(place: RedisPlace, upload: Upload): Promise<void> {
  await removeChunks(place, upload).catch(() => undefined);
}

/** Fails when one of them cannot be removed. */
export async function removeChunks(place: RedisPlace, upload: Upload): Promise<void> {
  await ofEach(place, upload, async (key) => (await place.redis.unlink(key)) >= 0);
}

async function ofEach(place: RedisPlace, manifest: Upload, act: (key: string, length: number) => Promise<boolean>): Promise<boolean> {
  let index = 0;
  let asked: Promise<boolean>[] = [];
  const answered = async (): Promise<boolean> => (await onRedis(() => Promise.all(asked))).every(Boolean);
  for (const length of chunkLengths(manifest)) {
    asked.push(act(chunkKey(place.prefix, manifest.upload, index), length));
    index += 1;
    if (asked.length < ASKED_AT_ONCE) continue;
    if (!(await answered())) return false;
    asked = [];
  }
  return await answered();
}
