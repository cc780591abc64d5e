import './s3/plain-node.fixture.js';

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

import { type RedisServer, spawnSource, startRedisServer } from '@kb-labs/testkit';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { type BlobsPlace, numbered, openBlobs } from './open-blobs.fixture.js';
import { type S3Server, startS3 } from './s3/s3-server.fixture.js';

const INTERRUPTED_WRITER = fileURLToPath(new URL('./interrupted-writer.fixture.ts', import.meta.url));
const LARGE_STREAM = fileURLToPath(new URL('./large-stream.fixture.ts', import.meta.url));
const ROOM = 2 ** 30;
/** What is under way and what the collector has not come to yet. It is the same for a blob of any size. */
const LIMIT_MIB = 100;
let dir: string;
let redis: RedisServer;
let s3: S3Server;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'kb-blobs-'));
  redis = await startRedisServer({ 'maxmemory-policy': 'noeviction' });
  s3 = await startS3();
});
afterAll(async () => {
  await redis.stop();
  await s3.remove();
  await rm(dir, { recursive: true });
});

const PLACES = {
  file: (): BlobsPlace => ({ kind: 'file', dir }),
  redis: (): BlobsPlace => ({ kind: 'redis', url: redis.url }),
  s3: (): BlobsPlace => ({ kind: 's3', place: s3.place }),
};

describe.each(Object.entries(PLACES))('%s', (_, place) => {
  it('has nothing of a writer that was killed, and all of the next one', async () => {
    await killWriter(place());
    const { blobs, close } = openBlobs(place());
    expect(await blobs.get(await digestOf(20))).toBeUndefined();
    expect(await blobs.get(await digestOf(40))).toBeUndefined();
    const { digest } = await blobs.put(numbered(40), ROOM);
    expect(digest).toBe(await digestOf(40));
    expect(await hashOf((await blobs.get(digest)) ?? numbered(0))).toBe(digest);
    await close();
  });

  it('takes and gives 128 MiB without holding them', async () => {
    const { bytes, got, grownMiB } = await stream(place());
    expect([bytes, got]).toEqual([128 * 2 ** 20, 128 * 2 ** 20]);
    expect(grownMiB).toBeLessThan(LIMIT_MIB);
  });
});

it('a killed writer leaves chunks in Redis that end by themselves, and no others', async () => {
  const admin = new Redis(redis.url);
  await admin.flushall();
  await killWriter(PLACES.redis());
  const left = await admin.keys('*');
  expect(left.length).toBeGreaterThan(30);
  for (const key of left) expect(await admin.pttl(key)).toBeGreaterThan(0);
  admin.disconnect();
});

it('a writer that gathers everything first is noticed', async () => {
  expect((await stream(PLACES.file(), 'gathered')).grownMiB).toBeGreaterThan(LIMIT_MIB);
});

async function killWriter(place: BlobsPlace): Promise<void> {
  const child = spawnSource(INTERRUPTED_WRITER, [JSON.stringify(place)]);
  if (child.stdout === null) throw new Error('no output');
  const [said] = (await Promise.race([once(child.stdout, 'data'), once(child, 'exit')])) as unknown[];
  expect(String(said)).toBe('half\n');
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

async function stream(place: BlobsPlace, manner = 'streamed'): Promise<{ bytes: number; got: number; grownMiB: number }> {
  const child = spawnSource(LARGE_STREAM, [JSON.stringify(place), manner]);
  if (child.stdout === null) throw new Error('no output');
  return JSON.parse(await text(child.stdout)) as { bytes: number; got: number; grownMiB: number };
}

async function digestOf(mebibytes: number): Promise<string> {
  return await hashOf(numbered(mebibytes));
}

async function hashOf(source: AsyncIterable<Uint8Array>): Promise<string> {
  const sum = createHash('sha256');
  for await (const chunk of source) sum.update(chunk);
  return `sha256:${sum.digest('hex')}`;
}
