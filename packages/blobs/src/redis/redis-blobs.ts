import type { Blobs } from '@kb-labs/ports';

import { parseDigest } from '../parse-digest.js';
import { connect, type RedisConnection } from './connect.js';
import type { RedisPlace } from './place.js';
import { findBlob } from './read-blob.js';
import { removeBlob } from './remove-blob.js';
import { writeBlob } from './write-blob.js';

export interface RedisBlobsOptions {
  readonly connection: RedisConnection;
  /** Before every key; `kb` when absent. */
  readonly prefix?: string;
}

export interface RedisBlobs extends Blobs {
  /** Ends the connection, what is under way included. */
  close(): void;
}

/**
 * Blobs in Redis, in chunks of 512 KiB. Has a connection of its own, made with the first command, so that a large blob
 * keeps nobody else waiting. Fails with `STATE_UNAVAILABLE` when Redis does not answer, `STATE_FULL` when it has no room.
 */
export function redisBlobs(options: RedisBlobsOptions): RedisBlobs {
  const place: RedisPlace = { redis: connect(options.connection), prefix: options.prefix ?? 'kb' };
  return {
    put: (content, maxBytes) => writeBlob(place, content, maxBytes),
    async get(digest) {
      const hash = parseDigest(digest);
      return hash === undefined ? undefined : await findBlob(place, hash);
    },
    async remove(digest, unlessSince) {
      const hash = parseDigest(digest);
      return hash === undefined || (await removeBlob(place, hash, unlessSince));
    },
    close: () => place.redis.disconnect(),
  };
}
