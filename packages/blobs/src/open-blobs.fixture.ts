import type { Blobs } from '@kb-labs/ports';

import { fileBlobs } from './index.js';
import { redisBlobs } from './redis/index.js';
import { s3Blobs, type S3Place } from './s3/index.js';

/** Names an adapter and its place, so that a process of its own can be told by a line of JSON. */
export type BlobsPlace = { readonly kind: 'file'; readonly dir: string } | { readonly kind: 'redis'; readonly url: string } | { readonly kind: 's3'; readonly place: S3Place };

export function openBlobs(where: BlobsPlace): { readonly blobs: Blobs; close(): void | Promise<void> } {
  switch (where.kind) {
    case 'file':
      return { blobs: fileBlobs({ dir: where.dir }), close: () => undefined };
    case 'redis': {
      const blobs = redisBlobs({ connection: { url: where.url } });
      return { blobs, close: () => blobs.close() };
    }
    case 's3': {
      const blobs = s3Blobs(where.place);
      return { blobs, close: () => blobs.close() };
    }
  }
}

/** So many mebibytes, each different from the others, all in one buffer, as a reader of files gives them. */
export async function* numbered(mebibytes: number): AsyncGenerator<Uint8Array> {
  const buffer = Buffer.alloc(1024 * 1024);
  for (let at = 0; at < mebibytes; at += 1) {
    yield buffer.fill(`mebibyte ${String(at)} `);
    await Promise.resolve();
  }
}
