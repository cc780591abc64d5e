import type { Blobs } from '@kb-labs/ports';

import { parseDigest } from '../parse-digest.js';
import { type Bucket, openBucket, type S3Place } from './bucket.js';
import { findBlob } from './read-blob.js';
import { removeBlob } from './remove-blob.js';
import { sweepIncoming } from './sweep.js';
import { takeTurns } from './turns.js';
import { writeBlob } from './write-blob.js';

export interface S3Blobs extends Blobs {
  /** Lets go of the connections. */
  close(): Promise<void>;
}

/**
 * Blobs in a bucket that is there already, up to 5 GiB each. Fails with `STATE_UNAVAILABLE` when the store cannot be
 * reached or refuses, `STATE_FULL` when it has no room.
 */
export function s3Blobs(options: S3Place): S3Blobs {
  let opened: Promise<Bucket> | undefined;
  let swept: Promise<void> | undefined;
  const inTurn = takeTurns();
  const open = (): Promise<Bucket> => (opened ??= openBucket(options));
  return {
    async put(content, maxBytes) {
      const bucket = await open();
      // Tidying up must never fail a write; the next process tries again.
      const sweep = (): Promise<void> => (swept ??= sweepIncoming(bucket).catch(() => undefined));
      return await writeBlob(bucket, { content, maxBytes, sweep, inTurn });
    },
    async get(digest) {
      const hash = parseDigest(digest);
      return hash === undefined ? undefined : await findBlob(await open(), hash);
    },
    async remove(digest, unlessSince) {
      const hash = parseDigest(digest);
      if (hash === undefined) return true;
      const bucket = await open();
      return await inTurn(hash, () => removeBlob(bucket, hash, unlessSince));
    },
    async close() {
      // What could not be opened has nothing to let go of.
      await opened?.then(({ client }) => client.destroy(), () => undefined);
    },
  };
}
