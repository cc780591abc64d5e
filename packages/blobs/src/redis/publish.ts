import { damaged } from '../damaged.js';
import { dropChunks, keepChunks, type Upload } from './chunks.js';
import { manifestKey } from './keys.js';
import { readManifest, writeManifest } from './manifest.js';
import type { RedisPlace } from './place.js';
import { onRedis } from './redis-errors.js';

/**
 * KEYS 1 the manifest. ARGV 1 what must be there, empty for nothing, 2 what shall be there, empty for nothing. Answers 1 when it is now.
 */
const EXCHANGE = `
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return 0 end
if ARGV[2] == '' then redis.call('DEL', KEYS[1]) else redis.call('SET', KEYS[1], ARGV[2]) end
return 1`;

/**
 * Puts a whole upload under its digest, or drops it when the same bytes are there already, and renews their time. Chunks of
 * what is there are made to stay as well: whoever wrote that may have ended before doing so.
 */
export async function publish(place: RedisPlace, hash: string, own: Upload): Promise<void> {
  const key = manifestKey(place.prefix, hash);
  for (;;) {
    const text = (await onRedis(() => place.redis.get(key))) ?? '';
    const found = readManifest(text);
    const isOwn = found?.upload === own.upload;
    const stays = found !== undefined && found.removing !== true && (await keepChunks(place, found));
    if (stays && (isOwn || (await exchange(place, key, { from: text, to: writeManifest({ ...found, storedAt: Date.now() }) })))) {
      // A command that is sent again after a lost connection may have put our own there before.
      if (!isOwn) await dropChunks(place, own);
      return;
    }
    if (stays) continue;
    // Somebody took chunks away that were to last for two days.
    if (isOwn) throw damaged(hash);
    const exchanged = await exchange(place, key, { from: text, to: writeManifest({ ...own, storedAt: Date.now() }) });
    if (exchanged && found !== undefined) await dropChunks(place, found);
  }
}

/** Whether it was `from` that was there. An empty text stands for nothing. */
export async function exchange(place: RedisPlace, key: string, { from, to }: { from: string; to: string }): Promise<boolean> {
  return (await onRedis(() => place.redis.eval(EXCHANGE, 1, key, from, to))) === 1;
}
