import { createHash, randomUUID } from 'node:crypto';

import { blobsSuite, type BlobsUnderTest, type RedisServer, startRedisServer } from '@kb-labs/testkit';
import { Redis, type RedisKey } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { putChunk } from './chunks.js';
import { redisBlobs, type RedisBlobs } from './index.js';
import { readManifest } from './manifest.js';
import { publish } from './publish.js';

const CHUNK = 512 * 1024;
const ROOM = 100_000_000;
let server: RedisServer;
let admin: Redis;
let blobs: RedisBlobs;

beforeAll(async () => {
  server = await startRedisServer({ 'maxmemory-policy': 'noeviction' });
  admin = new Redis(server.url);
  // Tests that end the server have errors come here.
  admin.on('error', () => undefined);
  blobs = redisBlobs({ connection: { url: server.url } });
});
afterAll(async () => {
  blobs.close();
  admin.disconnect();
  await server.stop();
});
beforeEach(async () => {
  await admin.flushall();
});

let installations = 0;
function makeBlobs(): Promise<BlobsUnderTest> {
  installations += 1;
  const prefix = `case-${String(installations)}`;
  const own = redisBlobs({ connection: { url: server.url }, prefix });
  return Promise.resolve({
    blobs: own,
    async damage(digest) {
      await damageChunk(await chunkKeys(digest, prefix), 0);
    },
    async backdate(digest, storedAt) {
      const manifest = readManifest((await admin.get(manifestOf(digest, prefix))) ?? '');
      await admin.set(manifestOf(digest, prefix), JSON.stringify({ ...manifest, storedAt }));
    },
    close: async () => own.close(),
  });
}

blobsSuite('redis', makeBlobs, { describe, it });

describe('what is kept', () => {
  it('is one manifest and chunks of at most 512 KiB, all to stay', async () => {
    const bytes = letters(2 * CHUNK + 3);
    const { digest } = await blobs.put(bytes, ROOM);
    const chunks = await chunkKeys(digest);
    expect((await admin.keys('*')).sort()).toEqual([manifestOf(digest), ...chunks].sort());
    expect(await Promise.all(chunks.map((key) => admin.strlen(key)))).toEqual([CHUNK, CHUNK, 3]);
    for (const key of await admin.keys('*')) expect(await admin.pttl(key)).toBe(-1);
  });

  it('is one upload of bytes that were put twice, one after the other or at once', async () => {
    const bytes = letters(CHUNK + 1);
    const { digest } = await blobs.put(bytes, ROOM);
    const first = await chunkKeys(digest);
    const other = redisBlobs({ connection: { url: server.url } });
    await Promise.all([blobs, other, blobs, other].map((each) => each.put(bytes, ROOM)));
    other.close();
    expect(await chunkKeys(digest)).toEqual(first);
    expect(await admin.dbsize()).toBe(3);
  });

  it('is nothing of bytes that were too many, or whose source failed', async () => {
    await expect(blobs.put(letters(3 * CHUNK), 2 * CHUNK)).rejects.toMatchObject({ code: 'ARTIFACT_INVALID', details: { limit: 2 * CHUNK } });
    const broken = (async function* () {
      yield letters(3 * CHUNK);
      throw new Error('the source broke');
    })();
    await expect(blobs.put(broken, ROOM)).rejects.toThrow('the source broke');
    expect(await admin.dbsize()).toBe(0);
  });

  it('lives beside other installations under its own prefix', async () => {
    const other = redisBlobs({ connection: { url: server.url }, prefix: 'other' });
    const { digest } = await other.put(letters(10), ROOM);
    expect(await blobs.get(digest)).toBeUndefined();
    expect((await readAll(other, digest)).equals(letters(10))).toBe(true);
    other.close();
  });
});

describe('what a writer that ended in the middle left', () => {
  it('is made whole by the next one when only the last step was missing', async () => {
    const { digest } = await blobs.put(letters(2 * CHUNK), ROOM);
    const chunks = await chunkKeys(digest);
    for (const key of chunks) await admin.pexpire(key, 60_000);
    await blobs.put(letters(2 * CHUNK), ROOM);
    expect(await chunkKeys(digest)).toEqual(chunks);
    for (const key of chunks) expect(await admin.pttl(key)).toBe(-1);
  });

  it.each([
    ['a chunk is gone', async (chunks: string[]) => void (await admin.unlink(chunks[1] ?? ''))],
    ['a chunk is cut off', async (chunks: string[]) => void (await admin.set(chunks[1] ?? '', 'short'))],
    ['the manifest is no manifest', async (_: string[], manifest: string) => void (await admin.set(manifest, '{"upload":"../x","bytes":1,"chunkBytes":1}'))],
  ])('is replaced by the next one when %s', async (_, damage) => {
    const bytes = letters(2 * CHUNK);
    const { digest } = await blobs.put(bytes, ROOM);
    await damage(await chunkKeys(digest), manifestOf(digest));
    await expect(blobs.get(digest).then(drain)).rejects.toMatchObject({ code: 'STATE_CORRUPT' });
    const stored = await Promise.all([1, 2, 3].map(() => blobs.put(bytes, ROOM)));
    expect(stored.map((each) => each.digest)).toEqual([digest, digest, digest]);
    expect((await readAll(blobs, digest)).equals(bytes)).toBe(true);
    for (const key of await chunkKeys(digest)) expect(await admin.pttl(key)).toBe(-1);
  });
});

it('can be published again by a writer that does not know whether it was', async () => {
  const { digest } = await blobs.put(letters(CHUNK + 1), ROOM);
  const manifest = readManifest((await admin.get(manifestOf(digest))) ?? '');
  if (manifest === undefined) throw new Error('no manifest');
  await publish({ redis: admin, prefix: 'kb' }, digest.slice('sha256:'.length), manifest);
  expect((await readAll(blobs, digest)).equals(letters(CHUNK + 1))).toBe(true);
});

it('gives way to a writer who published between its look and its own exchange', async () => {
  const bytes = letters(CHUNK + 1);
  const upload = randomUUID();
  const late = new Redis(server.url);
  const place = { redis: late, prefix: 'kb' };
  await putChunk(place, { upload, index: 0, bytes: bytes.subarray(0, CHUNK) });
  await putChunk(place, { upload, index: 1, bytes: bytes.subarray(CHUNK) });
  const look = late.get.bind(late);
  let looks = 0;
  late.get = async (key: RedisKey) => {
    const found = await look(key);
    looks += 1;
    if (looks === 1) await blobs.put(bytes, ROOM);
    return found;
  };
  await publish(place, digestOf(bytes).slice('sha256:'.length), { upload, bytes: bytes.length, chunkBytes: CHUNK });
  late.disconnect();
  expect(looks).toBe(2);
  expect((await admin.keys('*')).sort()).toEqual([manifestOf(digestOf(bytes)), ...(await chunkKeys(digestOf(bytes)))].sort());
  expect((await readAll(blobs, digestOf(bytes))).equals(bytes)).toBe(true);
});

describe('reading', () => {
  it('reports other bytes planted in the last chunk', async () => {
    const { digest } = await blobs.put(letters(6 * CHUNK), ROOM);
    await damageChunk(await chunkKeys(digest), 5);
    await expect(blobs.get(digest).then(drain)).rejects.toMatchObject({ code: 'STATE_CORRUPT' });
  });

  it('reports another blob planted under the digest', async () => {
    const { digest } = await blobs.put(letters(10), ROOM);
    const planted = await blobs.put(letters(11), ROOM);
    await admin.copy(manifestOf(planted.digest), manifestOf(digest), 'REPLACE');
    await expect(blobs.get(digest).then(drain)).rejects.toMatchObject({ code: 'STATE_CORRUPT' });
  });

  it('can stop early and begin again', async () => {
    const bytes = letters(9 * CHUNK);
    const { digest } = await blobs.put(bytes, ROOM);
    for await (const chunk of (await blobs.get(digest)) ?? []) {
      expect(bytes.subarray(0, CHUNK).equals(chunk)).toBe(true);
      break;
    }
    expect((await readAll(blobs, digest)).equals(bytes)).toBe(true);
  });

  it('reports a key that holds something else', async () => {
    const { digest } = await blobs.put(letters(10), ROOM);
    await admin.del(manifestOf(digest));
    await admin.lpush(manifestOf(digest), 'x');
    await expect(blobs.get(digest)).rejects.toMatchObject({ code: 'STATE_CORRUPT' });
    await expect(blobs.put(letters(10), ROOM)).rejects.toMatchObject({ code: 'STATE_CORRUPT' });
  });
});

describe('a server in trouble', () => {
  it('is full: it says so, keeps what was there, and goes on when there is room again', async () => {
    const { digest } = await blobs.put(letters(1_000), ROOM);
    const [, used] = /used_memory:(\d+)/.exec(await admin.info('memory')) ?? [];
    await admin.config('SET', 'maxmemory', Number(used) + 5_000_000);
    try {
      await expect(blobs.put(letters(20_000_000), ROOM)).rejects.toMatchObject({ code: 'STATE_FULL' });
      expect(await admin.dbsize()).toBe(2);
      expect((await readAll(blobs, digest)).equals(letters(1_000))).toBe(true);
    } finally {
      await admin.config('SET', 'maxmemory', 0);
    }
    expect((await blobs.put(letters(20_000_000), ROOM)).bytes).toBe(20_000_000);
  });

  it('is gone: it says so, and goes on with what it had when it is back', async () => {
    // Every second, as the server is started, may lose the last one.
    await admin.config('SET', 'appendfsync', 'always');
    const { digest } = await blobs.put(letters(CHUNK + 1), ROOM);
    await server.kill();
    try {
      await expect(blobs.get(digest)).rejects.toMatchObject({ code: 'STATE_UNAVAILABLE' });
      await expect(blobs.put(letters(10), ROOM)).rejects.toMatchObject({ code: 'STATE_UNAVAILABLE' });
    } finally {
      await server.restart();
    }
    expect((await readAll(blobs, digest)).equals(letters(CHUNK + 1))).toBe(true);
  });

  it('ends while bytes are on their way: the put fails, and the blob is not there', async () => {
    const bytes = letters(8 * CHUNK);
    const source = (async function* () {
      yield bytes.subarray(0, 6 * CHUNK);
      await server.kill();
      yield bytes.subarray(6 * CHUNK);
    })();
    try {
      await expect(blobs.put(source, ROOM)).rejects.toMatchObject({ code: 'STATE_UNAVAILABLE' });
    } finally {
      await server.restart();
    }
    expect(await blobs.get(digestOf(bytes))).toBeUndefined();
    for (const key of await admin.keys('*:blob:*')) expect(await admin.pttl(key)).toBeGreaterThan(0);
  });

  it('refuses the password: it says so', async () => {
    const refused = redisBlobs({ connection: { url: server.url.replace('//', '//nobody:wrong@') } });
    await expect(refused.put(letters(1), ROOM)).rejects.toMatchObject({ code: 'STATE_UNAVAILABLE', details: { problem: expect.stringContaining('WRONGPASS') as string } });
    refused.close();
  });
});

it('takes options of ioredis, or a client that was made elsewhere', async () => {
  const { hostname, port } = new URL(server.url);
  const { digest } = await blobs.put(letters(10), ROOM);
  for (const connection of [{ host: hostname, port: Number(port) }, () => new Redis(server.url)]) {
    const own = redisBlobs({ connection });
    expect((await readAll(own, digest)).equals(letters(10))).toBe(true);
    own.close();
  }
});

function letters(count: number): Buffer {
  return Buffer.alloc(count, `${String(count)} letters `);
}

function digestOf(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

function manifestOf(digest: string, prefix = 'kb'): string {
  return `${prefix}:blob:{${digest.slice('sha256:'.length)}}`;
}

async function chunkKeys(digest: string, prefix = 'kb'): Promise<string[]> {
  const { upload, bytes } = JSON.parse((await admin.get(manifestOf(digest, prefix))) ?? '') as { upload: string; bytes: number };
  return Array.from({ length: Math.ceil(bytes / CHUNK) }, (_, index) => `${prefix}:blob:{${upload}}:${String(index)}`);
}

async function damageChunk(keys: readonly string[], index: number): Promise<void> {
  const key = keys[index] ?? '';
  const bytes = await admin.getBuffer(key);
  if (bytes === null) throw new Error(`${key} is not there`);
  bytes[100] = (bytes[100] ?? 0) ^ 1;
  await admin.set(key, bytes);
}

async function readAll(from: RedisBlobs, digest: string): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of (await from.get(digest)) ?? []) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function drain(found: AsyncIterable<Uint8Array> | undefined): Promise<void> {
  for await (const chunk of found ?? []) expect(chunk.byteLength).toBeGreaterThan(0);
}
