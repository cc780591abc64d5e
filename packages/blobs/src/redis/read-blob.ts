import { createHash } from 'node:crypto';

import { AppError } from '@kb-labs/errors';

import { damaged } from '../damaged.js';
import { getChunk } from './chunks.js';
import { manifestKey } from './keys.js';
import { chunkLengths, type Manifest, readManifest } from './manifest.js';
import type { RedisPlace } from './place.js';
import { onRedis } from './redis-errors.js';

/** Chunks asked for ahead of the one that is read. */
const CHUNKS_AHEAD = 4;

/** The bytes, fetched when they are iterated. */
export async function findBlob(place: RedisPlace, hash: string): Promise<AsyncIterable<Uint8Array> | undefined> {
  const text = await onRedis(() => place.redis.get(manifestKey(place.prefix, hash)));
  if (text === null) return undefined;
  const manifest = readManifest(text);
  if (manifest === undefined) throw new AppError('STATE_CORRUPT', { problem: `what is kept about the blob sha256:${hash} cannot be read` });
  if (manifest.removing === true) return undefined;
  return { [Symbol.asyncIterator]: () => readBlob(place, hash, manifest) };
}

async function* readBlob(place: RedisPlace, hash: string, manifest: Manifest): AsyncGenerator<Uint8Array> {
  const sum = createHash('sha256');
  for await (const { chunk, length } of fetchAhead(place, manifest)) {
    if (chunk?.byteLength !== length) throw damaged(hash);
    sum.update(chunk);
    yield chunk;
  }
  if (sum.digest('hex') !== hash) throw damaged(hash);
}

interface Fetched {
  readonly chunk: Buffer | null;
  readonly length: number;
}

async function* fetchAhead(place: RedisPlace, manifest: Manifest): AsyncGenerator<Fetched> {
  const asked: Promise<Fetched>[] = [];
  let index = 0;
  for (const length of chunkLengths(manifest)) {
    asked.push(fetchOne(place, manifest, { index, length }));
    index += 1;
    if (asked.length <= CHUNKS_AHEAD) continue;
    const first = asked.shift();
    if (first !== undefined) yield await first;
  }
  for (const rest of asked) yield await rest;
}

function fetchOne(place: RedisPlace, manifest: Manifest, { index, length }: { index: number; length: number }): Promise<Fetched> {
  const fetched = getChunk(place, manifest.upload, index).then((chunk) => ({ chunk, length }));
  // Whoever stops reading early never asks how it went.
  fetched.catch(() => undefined);
  return fetched;
}
