import { damaged } from '../damaged.js';
import { dropChunks, keepChunks } from './chunks.js';
import { manifestKey } from './keys.js';
import { type Manifest, readManifest, writeManifest } from './manifest.js';
import type { RedisPlace } from './place.js';
import { onRedis } from './redis-errors.js';

/**
 * KEYS 1 the manifest. ARGV 1 what must be there, empty for nothing, 2 what shall be there. Answers 1 when it is now.
 */
const EXCHANGE = `
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2])
return 1`;

/**
 * Puts a whole upload under its digest, or drops it when the same bytes are there already. Chunks of what is there are
 * made to stay as well: whoever wrote that may have ended before doing so.
 */
export async function publish(place: RedisPlace, hash: string, own: Manifest): Promise<void> {
  const key = manifestKey(place.prefix, hash);
  for (;;) {
    const text = (await onRedis(() => place.redis.get(key))) ?? '';
    const found = readManifest(text);
    const isOwn = found?.upload === own.upload;
    if (found !== undefined && (await keepChunks(place, found))) {
      // A command that is sent again after a lost connection may have put our own there before.
      if (!isOwn) await dropChunks(place, own);
      return;
    }
    // Somebody took chunks away that were to last for two days.
    if (isOwn) throw damaged(hash);
    const exchanged = await onRedis(() => place.redis.eval(EXCHANGE, 1, key, text, writeManifest(own)));
    if (exchanged === 1 && found !== undefined) await dropChunks(place, found);
  }
}
