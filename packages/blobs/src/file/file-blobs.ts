import type { Blobs } from '@kb-labs/ports';

import { parseDigest } from '../parse-digest.js';
import type { BlobPlace } from './place.js';
import { findBlob } from './read-blob.js';
import { removeBlob } from './remove-blob.js';
import { sweepIncoming } from './sweep.js';
import { writeBlob } from './write-blob.js';

/**
 * Blobs below `dir`: each is `sha256/<two digits>/<sixty-two digits>`, written under another name first and only
 * moved there whole and synced. Several processes can use one folder. Fails with `STATE_FULL` or `STATE_UNAVAILABLE`
 * when the file system does.
 */
export function fileBlobs(options: { dir: string }): Blobs {
  const place: BlobPlace = { dir: options.dir };
  let swept: Promise<void> | undefined;
  // Tidying up must never fail a write; the next process tries again.
  const sweep = (): Promise<void> => (swept ??= sweepIncoming(place).catch(() => undefined));
  return {
    put: (content, maxBytes) => writeBlob(place, { content, maxBytes, sweep }),
    async get(digest) {
      const hash = parseDigest(digest);
      return hash === undefined ? undefined : await findBlob(place, hash);
    },
    async remove(digest, unlessSince) {
      const hash = parseDigest(digest);
      return hash === undefined || (await removeBlob(place, hash, unlessSince));
    },
  };
}
