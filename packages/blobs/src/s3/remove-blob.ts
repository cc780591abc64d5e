import type { Bucket } from './bucket.js';
import { blobKey } from './keys.js';
import { findObject } from './read-blob.js';
import { onStore } from './s3-errors.js';

/**
 * Stores have no way to remove an object only if it is still as old as it was: between the look and the removal lies one
 * request, and bytes that another process stores again in that moment are removed.
 */
export async function removeBlob(bucket: Bucket, hash: string, unlessSince: number): Promise<boolean> {
  const found = await findObject(bucket, hash);
  if (found === undefined) return true;
  if (found.storedAt >= unlessSince) return false;
  await onStore(() => bucket.client.send(new bucket.sdk.DeleteObjectCommand({ Bucket: bucket.name, Key: blobKey(bucket.prefix, hash) })));
  return true;
}
