import type { Bucket } from './bucket.js';
import { incomingPrefix } from './keys.js';

/** Longer than any step may run, in milliseconds: what came so long ago has no writer any more. */
const ABANDONED_MS = 48 * 3_600_000;

/**
 * Removes what crashed writers left, a thousand objects at the most. By the clock of this process: stores refuse
 * requests from one that is minutes off.
 */
export async function sweepIncoming({ sdk, client, name, prefix }: Bucket): Promise<void> {
  const { Contents } = await client.send(new sdk.ListObjectsV2Command({ Bucket: name, Prefix: incomingPrefix(prefix) }));
  const limit = Date.now() - ABANDONED_MS;
  for (const { Key, LastModified } of Contents ?? []) {
    if (LastModified !== undefined && LastModified.getTime() < limit) await client.send(new sdk.DeleteObjectCommand({ Bucket: name, Key }));
  }
}
