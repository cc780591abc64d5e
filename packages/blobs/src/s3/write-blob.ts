import type { BlobContent, StoredBlob } from '@kb-labs/ports';

import { inParts } from '../in-parts.js';
import { takeIn } from '../take-in.js';
import type { Bucket } from './bucket.js';
import { blobKey } from './keys.js';
import { beginUpload, type Upload } from './multipart.js';
import { onStore } from './s3-errors.js';
import type { Turns } from './turns.js';

/** The least that a store takes as a part. */
const PART_BYTES = 5 * 1024 * 1024;

export interface BlobWrite {
  readonly content: BlobContent;
  readonly maxBytes: number;
  /** Called when something is about to be put beside what crashed writers left. */
  readonly sweep: () => Promise<void>;
  readonly inTurn: Turns;
}

/**
 * What fits in one part is sent when its digest is known. More is sent as it comes, under another name, and copied to
 * its own by the store itself. What is there already is replaced by the same: that renews its time. Errors of the source go
 * through as they are.
 */
export async function writeBlob(bucket: Bucket, { content, maxBytes, sweep, inTurn }: BlobWrite): Promise<StoredBlob> {
  const intake = takeIn(content, maxBytes);
  let upload: Upload | undefined;
  try {
    let last: Buffer | undefined;
    for await (const part of inParts(intake.chunks, PART_BYTES)) {
      if (last !== undefined) {
        upload ??= await beginUpload(bucket, sweep);
        await upload.send(last);
      }
      last = part;
    }
    const { hash, bytes } = intake.finish();
    const [begun, end] = [upload, last];
    await inTurn(hash, () => (begun === undefined || end === undefined ? sendWhole(bucket, hash, end ?? Buffer.alloc(0)) : settle(bucket, begun, { last: end, hash })));
    return { digest: `sha256:${hash}`, bytes };
  } catch (thrown) {
    await upload?.drop();
    throw thrown;
  }
}

async function sendWhole(bucket: Bucket, hash: string, body: Buffer): Promise<void> {
  const command = new bucket.sdk.PutObjectCommand({ Bucket: bucket.name, Key: blobKey(bucket.prefix, hash), Body: body });
  await onStore(() => bucket.client.send(command), bucket.name);
}

async function settle(bucket: Bucket, upload: Upload, { last, hash }: { last: Buffer; hash: string }): Promise<void> {
  await upload.send(last);
  await upload.complete(blobKey(bucket.prefix, hash));
  await upload.drop();
}
