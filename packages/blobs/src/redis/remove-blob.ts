import { removeChunks } from './chunks.js';
import { manifestKey } from './keys.js';
import { readManifest, writeManifest } from './manifest.js';
import type { RedisPlace } from './place.js';
import { exchange } from './publish.js';
import { onRedis } from './redis-errors.js';

/**
 * Marks a blob as being removed, removes its chunks and then the mark: who stores the same bytes in between finds the mark and
 * puts its own upload in its place, and a mark that was left is found by the next removal.
 */
export async function removeBlob(place: RedisPlace, hash: string, unlessSince: number): Promise<boolean> {
  const key = manifestKey(place.prefix, hash);
  for (;;) {
    const text = await onRedis(() => place.redis.get(key));
    if (text === null) return true;
    const found = readManifest(text);
    // What cannot be read names no chunks, and is no blob.
    const mark = found === undefined ? text : writeManifest({ ...found, removing: true });
    if (found !== undefined && found.removing !== true) {
      if (found.storedAt >= unlessSince) return false;
      if (!(await exchange(place, key, { from: text, to: mark }))) continue;
    }
    if (found !== undefined) await removeChunks(place, found);
    if (await exchange(place, key, { from: mark, to: '' })) return true;
  }
}
