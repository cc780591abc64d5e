import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { blobsSuite, type BlobsUnderTest } from '@kb-labs/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { fileBlobs } from '../index.js';

const run = promisify(execFile);
const ROOM = 1_000_000;
const DAY_MS = 86_400_000;
let dir: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'kb-blobs-'));
});
afterEach(async () => {
  await rm(dir, { recursive: true, force: true });
});

async function makeBlobs(): Promise<BlobsUnderTest> {
  const own = await mkdtemp(join(tmpdir(), 'kb-blobs-'));
  return {
    blobs: fileBlobs({ dir: own }),
    async damage(digest) {
      const path = pathOf(own, digest);
      const bytes = await readFile(path);
      bytes[100] = (bytes[100] ?? 0) ^ 1;
      await writeFile(path, bytes);
    },
    backdate: (digest, storedAt) => utimes(pathOf(own, digest), storedAt / 1_000, storedAt / 1_000),
    close: () => rm(own, { recursive: true }),
  };
}

blobsSuite('file system', makeBlobs, { describe, it });

it('keeps one file for the same bytes, readable by its owner only, and nothing beside it', async () => {
  const blobs = fileBlobs({ dir });
  const { digest } = await blobs.put(Buffer.from('once'), ROOM);
  await blobs.put(Buffer.from('once'), ROOM);
  expect(await filesBelow(dir)).toEqual([pathOf(dir, digest)]);
  expect((await stat(pathOf(dir, digest))).mode & 0o777).toBe(0o600);
  expect((await stat(join(dir, 'sha256'))).mode & 0o777).toBe(0o700);
});

it('leaves no file of a blob that was refused', async () => {
  const blobs = fileBlobs({ dir });
  await expect(blobs.put(Buffer.alloc(11), 10)).rejects.toMatchObject({ code: 'ARTIFACT_INVALID', details: { limit: 10 } });
  expect(await filesBelow(dir)).toEqual([]);
});

it('replaces a file that was cut off', async () => {
  const blobs = fileBlobs({ dir });
  const { digest } = await blobs.put(Buffer.from('whole'), ROOM);
  await writeFile(pathOf(dir, digest), 'wh');
  await blobs.put(Buffer.from('whole'), ROOM);
  expect(await readFile(pathOf(dir, digest), 'utf8')).toBe('whole');
});

it('never reads or writes through a link', async () => {
  const blobs = fileBlobs({ dir });
  const outside = await mkdtemp(join(tmpdir(), 'kb-outside-'));
  const digest = digestOf('secret');
  await writeFile(join(outside, 'file'), 'secret');
  await mkdir(join(dir, 'sha256', digest.slice(7, 9)), { recursive: true });
  await symlink(join(outside, 'file'), pathOf(dir, digest));
  await expect(blobs.get(digest)).rejects.toMatchObject({ code: 'STATE_CORRUPT' });

  const other = digestOf('other');
  await symlink(outside, join(dir, 'sha256', other.slice(7, 9)));
  await expect(blobs.put(Buffer.from('other'), ROOM)).rejects.toMatchObject({ code: 'STATE_CORRUPT' });
  await expect(blobs.get(other)).rejects.toMatchObject({ code: 'STATE_CORRUPT' });
  expect(await readdir(outside)).toEqual(['file']);
  await rm(outside, { recursive: true });
});

it('removes what crashed writers left long ago, and nothing younger', async () => {
  const incoming = join(dir, 'incoming');
  await mkdir(incoming);
  for (const [name, days] of [['old', 3], ['young', 1]] as const) {
    await writeFile(join(incoming, name), 'x');
    const then = new Date(Date.now() - days * DAY_MS);
    await utimes(join(incoming, name), then, then);
  }
  await fileBlobs({ dir }).put(Buffer.from('any'), ROOM);
  expect(await readdir(incoming)).toEqual(['young']);
});

it('says that the disk is full, keeps nothing, and goes on when there is room again', async ({ skip }) => {
  await mkdir(join(dir, 'small'));
  const mounted = await run('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', join(dir, 'small')]).then(() => true, () => false);
  if (!mounted) skip('needs the right to mount a small file system');
  try {
    const small = join(dir, 'small', 'blobs');
    const blobs = fileBlobs({ dir: small });
    await expect(blobs.put(Buffer.alloc(2_000_000), 4_000_000)).rejects.toMatchObject({ code: 'STATE_FULL' });
    expect(await filesBelow(small)).toEqual([]);
    const { digest } = await blobs.put(Buffer.alloc(500_000), ROOM);
    expect(await filesBelow(small)).toEqual([pathOf(small, digest)]);
  } finally {
    await run('umount', [join(dir, 'small')]);
  }
});

it('says that its folder cannot be used', async () => {
  await writeFile(join(dir, 'file'), '');
  await expect(fileBlobs({ dir: join(dir, 'file') }).put(Buffer.from('x'), ROOM)).rejects.toMatchObject({ code: 'STATE_UNAVAILABLE' });
});

function digestOf(text: string): string {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}

function pathOf(root: string, digest: string): string {
  return join(root, 'sha256', digest.slice(7, 9), digest.slice(9));
}

async function filesBelow(root: string): Promise<string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}
