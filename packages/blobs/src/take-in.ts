import { createHash } from 'node:crypto';

import { AppError } from '@kb-labs/errors';
import type { BlobContent } from '@kb-labs/ports';

export interface Intake {
  /** The content, counted and hashed as it is read. Fails with `ARTIFACT_INVALID` on the first byte over the limit. */
  readonly chunks: AsyncIterable<Uint8Array>;
  /** Once, after the last chunk. `hash` is 64 hex digits. */
  finish(): { readonly hash: string; readonly bytes: number };
}

export function takeIn(content: BlobContent, maxBytes: number): Intake {
  const sum = createHash('sha256');
  let bytes = 0;
  return {
    chunks: (async function* () {
      for await (const chunk of content instanceof Uint8Array ? [content] : content) {
        bytes += chunk.byteLength;
        if (bytes > maxBytes) throw new AppError('ARTIFACT_INVALID', { problem: `it is larger than ${String(maxBytes)} bytes`, limit: maxBytes });
        sum.update(chunk);
        yield chunk;
      }
    })(),
    finish: () => ({ hash: sum.digest('hex'), bytes }),
  };
}
