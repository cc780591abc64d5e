import { createHash } from 'node:crypto';

import { damaged } from '../damaged.js';
import type { Bucket } from './bucket.js';
import { blobKey } from './keys.js';
import { isAbsent, noBucket, onStore, toStateError } from './s3-errors.js';

/** The bytes, fetched when they are iterated. */
export async function findBlob(bucket: Bucket, hash: string): Promise<AsyncIterable<Uint8Array> | undefined> {
  const found = await findObject(bucket, hash);
  return found === undefined ? undefined : { [Symbol.asyncIterator]: () => readBlob(bucket, hash) };
}

export interface FoundObject {
  readonly bytes: number;
  /** By the clock of the store, in milliseconds since the epoch. */
  readonly storedAt: number;
}

export async function findObject(bucket: Bucket, hash: string): Promise<FoundObject | undefined> {
  const { sdk, client, name, prefix } = bucket;
  try {
    const { ContentLength, LastModified } = await client.send(new sdk.HeadObjectCommand({ Bucket: name, Key: blobKey(prefix, hash) }));
    return { bytes: ContentLength ?? 0, storedAt: LastModified?.getTime() ?? 0 };
  } catch (thrown) {
    if (!isAbsent(thrown)) throw toStateError(thrown);
    await requireBucket(bucket);
    return undefined;
  }
}

/** A store says in the same words that a blob is not there and that the whole bucket is not. */
async function requireBucket({ sdk, client, name }: Bucket): Promise<void> {
  try {
    await client.send(new sdk.HeadBucketCommand({ Bucket: name }));
  } catch (thrown) {
    if (isAbsent(thrown)) throw noBucket(name, thrown);
    throw toStateError(thrown);
  }
}

async function* readBlob({ sdk, client, name, prefix }: Bucket, hash: string): AsyncGenerator<Uint8Array> {
  const sum = createHash('sha256');
  const { Body } = await onStore(() => client.send(new sdk.GetObjectCommand({ Bucket: name, Key: blobKey(prefix, hash) })));
  if (!(Body !== undefined && Symbol.asyncIterator in Body)) throw damaged(hash);
  const source: AsyncIterable<Uint8Array> = Body;
  try {
    for await (const chunk of source) {
      sum.update(chunk);
      yield chunk;
    }
  } catch (thrown) {
    throw toStateError(thrown);
  }
  if (sum.digest('hex') !== hash) throw damaged(hash);
}
