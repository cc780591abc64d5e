import './plain-node.fixture.js';

import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';

import { blobsSuite, type BlobsUnderTest } from '@kb-labs/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { type S3Blobs, s3Blobs } from './index.js';
import { OBJECT_ENDING, type S3Server, startS3 } from './s3-server.fixture.js';

const PART = 5 * 1024 * 1024;
const ROOM = 100_000_000;
const HOUR_MS = 3_600_000;
let server: S3Server;
let blobs: S3Blobs;

beforeAll(async () => {
  server = await startS3();
  blobs = s3Blobs(server.place);
});
afterAll(async () => {
  await blobs.close();
  await server.remove();
});
beforeEach(async () => {
  await rm(server.dir, { recursive: true, force: true });
  await mkdir(server.dir);
});

let installations = 0;
function makeBlobs(): Promise<BlobsUnderTest> {
  installations += 1;
  const prefix = `case ${String(installations)}/`;
  const own = s3Blobs({ ...server.place, prefix });
  return Promise.resolve({ blobs: own, damage: (digest) => changeByte(digest, prefix), backdate: (digest, storedAt) => utimes(fileOf(digest, prefix), storedAt / 1_000, storedAt / 1_000), close: () => own.close() });
}

blobsSuite('s3', makeBlobs, { describe, it });

describe('what is kept', () => {
  it.each([
    ['no bytes', 0],
    ['one part', PART],
    ['one byte more', PART + 1],
    ['many parts', 3 * PART + 7],
  ])('is one object of %s, and nothing beside it', async (_, count) => {
    const bytes = letters(count);
    expect(await blobs.put(inPieces(bytes), ROOM)).toEqual({ digest: digestOf(bytes), bytes: count });
    expect(await objects()).toEqual([keyOf(digestOf(bytes))]);
    expect((await readAll(blobs, digestOf(bytes))).equals(bytes)).toBe(true);
  });

  it.each([10, 2 * PART])('is one object of %i bytes that were put many times at once', async (count) => {
    const bytes = letters(count);
    const other = s3Blobs(server.place);
    await Promise.all([blobs, other, blobs, other].map((each) => each.put(bytes, ROOM)));
    await other.close();
    expect(await objects()).toEqual([keyOf(digestOf(bytes))]);
    expect((await readAll(blobs, digestOf(bytes))).equals(bytes)).toBe(true);
  });

  it.each([10, 2 * PART])('is one object of what was put again, with a new time (%i bytes)', async (count) => {
    const { digest } = await blobs.put(letters(count), ROOM);
    const then = new Date(Date.now() - HOUR_MS);
    await utimes(fileOf(digest), then, then);
    await blobs.put(letters(count), ROOM);
    expect(await objects()).toEqual([keyOf(digest)]);
    expect((await stat(fileOf(digest))).mtimeMs).toBeGreaterThan(then.getTime());
    expect((await readFile(fileOf(digest))).equals(letters(count))).toBe(true);
  });

  it.each([10, 2 * PART])('replaces an object that was cut off (%i bytes)', async (count) => {
    const { digest } = await blobs.put(letters(count), ROOM);
    await writeFile(fileOf(digest), 'lett');
    await expect(blobs.get(digest).then(drain)).rejects.toMatchObject({ code: 'STATE_CORRUPT' });
    await blobs.put(letters(count), ROOM);
    expect((await readAll(blobs, digest)).equals(letters(count))).toBe(true);
  });

  it('is nothing of bytes that were too many, or whose source failed', async () => {
    await expect(blobs.put(letters(3 * PART), 2 * PART)).rejects.toMatchObject({ code: 'ARTIFACT_INVALID', details: { limit: 2 * PART } });
    const broken = (async function* () {
      yield letters(3 * PART);
      throw new Error('the source broke');
    })();
    await expect(blobs.put(broken, ROOM)).rejects.toThrow('the source broke');
    expect(await objects()).toEqual([]);
  });
});

it('reports other bytes planted in the middle of a large object', async () => {
  const { digest } = await blobs.put(letters(2 * PART), ROOM);
  await changeByte(digest);
  await expect(blobs.get(digest).then(drain)).rejects.toMatchObject({ code: 'STATE_CORRUPT' });
});

it('can stop reading early and begin again', async () => {
  const { digest } = await blobs.put(letters(2 * PART), ROOM);
  for await (const chunk of (await blobs.get(digest)) ?? []) {
    expect(chunk.byteLength).toBeGreaterThan(0);
    break;
  }
  expect((await readAll(blobs, digest)).equals(letters(2 * PART))).toBe(true);
});

it('removes what crashed writers left long ago, and nothing younger', async () => {
  const incoming = join(server.dir, 'incoming');
  await blobs.put(letters(1), ROOM);
  const { digest } = await blobs.put(letters(2), ROOM);
  for (const [name, hours] of [['old', 49], ['young', 47]] as const) {
    await mkdir(incoming, { recursive: true });
    for (const ending of [OBJECT_ENDING, `${OBJECT_ENDING}.md5`, '._S3rver_metadata.json']) {
      await writeFile(join(incoming, name + ending), await readFile(fileOf(digest).replace(OBJECT_ENDING, ending)));
    }
    const then = new Date(Date.now() - hours * HOUR_MS);
    await utimes(join(incoming, name + OBJECT_ENDING), then, then);
  }
  const later = s3Blobs(server.place);
  await later.put(letters(PART + 1), ROOM);
  await later.close();
  expect((await objects()).filter((key) => key.startsWith('incoming/'))).toEqual(['incoming/young']);
});

describe('a store that cannot be used', () => {
  async function refuses(change: Partial<S3Server['place']>, problem: string): Promise<void> {
    const own = s3Blobs({ ...server.place, ...change });
    const refusal = { code: 'STATE_UNAVAILABLE', details: { problem: expect.stringContaining(problem) as string } };
    await expect(own.put(letters(1), ROOM)).rejects.toMatchObject(refusal);
    await expect(own.put(letters(PART + 1), ROOM)).rejects.toMatchObject({ code: 'STATE_UNAVAILABLE' });
    await expect(own.get(digestOf(letters(1)))).rejects.toMatchObject(refusal);
    await own.close();
  }

  it('has no such bucket', () => refuses({ bucket: 'nowhere' }, 'there is no bucket "nowhere"'));
  it('does not know who asks', () => refuses({ credentials: { accessKeyId: 'NOBODY', secretAccessKey: 'x' } }, '403'));
  it('is not there', () => refuses({ endpoint: 'http://127.0.0.1:1' }, 'ECONNREFUSED'));

  it('ends while bytes are on their way', async () => {
    const own = await startS3();
    const ended = s3Blobs(own.place);
    const source = (async function* () {
      yield letters(3 * PART);
      await own.kill();
      yield letters(PART);
    })();
    await expect(ended.put(source, ROOM)).rejects.toMatchObject({ code: 'STATE_UNAVAILABLE' });
    await ended.close();
    await own.remove();
  });
});

it('takes the credentials of the environment when none are given', async () => {
  const { credentials, ...place } = server.place;
  process.env['AWS_ACCESS_KEY_ID'] = credentials?.accessKeyId;
  process.env['AWS_SECRET_ACCESS_KEY'] = credentials?.secretAccessKey;
  try {
    const own = s3Blobs(place);
    expect(await own.put(letters(3), ROOM)).toMatchObject({ bytes: 3 });
    await own.close();
  } finally {
    delete process.env['AWS_ACCESS_KEY_ID'];
    delete process.env['AWS_SECRET_ACCESS_KEY'];
  }
});

function letters(count: number): Buffer {
  return Buffer.alloc(count, `${String(count)} letters `);
}

async function* inPieces(bytes: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 300_000) yield bytes.subarray(at, at + 300_000);
}

function digestOf(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

function keyOf(digest: string, prefix = ''): string {
  return `${prefix}sha256/${digest.slice(7, 9)}/${digest.slice(9)}`;
}

function fileOf(digest: string, prefix = ''): string {
  return join(server.dir, keyOf(digest, prefix) + OBJECT_ENDING);
}

async function changeByte(digest: string, prefix = ''): Promise<void> {
  const bytes = await readFile(fileOf(digest, prefix));
  bytes[100] = (bytes[100] ?? 0) ^ 1;
  await writeFile(fileOf(digest, prefix), bytes);
}

async function objects(): Promise<string[]> {
  const entries = await readdir(server.dir, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => relative(server.dir, join(entry.parentPath, entry.name)));
  return files.filter((path) => path.endsWith(OBJECT_ENDING)).map((path) => path.slice(0, -OBJECT_ENDING.length));
}

async function readAll(from: S3Blobs, digest: string): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of (await from.get(digest)) ?? []) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function drain(found: AsyncIterable<Uint8Array> | undefined): Promise<void> {
  for await (const chunk of found ?? []) expect(chunk.byteLength).toBeGreaterThan(0);
}
