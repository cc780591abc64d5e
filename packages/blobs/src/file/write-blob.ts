import { randomUUID } from 'node:crypto';
import { lstat, open, rename, rm, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import type { BlobContent, StoredBlob } from '@kb-labs/ports';

import { takeIn } from '../take-in.js';
import { isAbsent, toStateError } from './file-errors.js';
import { type BlobPlace, incomingOf, makeFolder, pathOf, syncFolder } from './place.js';

const FILE_MODE = 0o600;

export interface BlobWrite {
  readonly content: BlobContent;
  readonly maxBytes: number;
  /** Called once the new file is there. */
  readonly sweep: () => Promise<void>;
}

/** Errors of the source go through as they are; those of the file system become errors of the register. */
export async function writeBlob(place: BlobPlace, write: BlobWrite): Promise<StoredBlob> {
  const incoming = join(incomingOf(place), randomUUID());
  try {
    await onDisk(() => makeFolder(place, incomingOf(place)));
    const { hash, bytes } = await receive(incoming, write);
    await onDisk(() => settle(place, { incoming, hash, bytes }));
    return { digest: `sha256:${hash}`, bytes };
  } catch (thrown) {
    await rm(incoming, { force: true }).catch(() => undefined);
    throw thrown;
  }
}

async function receive(path: string, { content, maxBytes, sweep }: BlobWrite): Promise<{ hash: string; bytes: number }> {
  const handle = await onDisk(() => open(path, 'wx', FILE_MODE));
  try {
    await sweep();
    const intake = takeIn(content, maxBytes);
    for await (const chunk of intake.chunks) await onDisk(() => handle.writeFile(chunk));
    await onDisk(() => handle.sync());
    return intake.finish();
  } finally {
    await handle.close();
  }
}

/** Moves the whole file to its place; bytes that are there already are kept, with a new time. Durable either way. */
async function settle(place: BlobPlace, written: { incoming: string; hash: string; bytes: number }): Promise<void> {
  const path = pathOf(place, written.hash);
  await makeFolder(place, dirname(path));
  if (await isRenewed(path, written.bytes)) await rm(written.incoming);
  else await rename(written.incoming, path);
  // Also when it was there: whoever moved it may not have come this far yet.
  await syncFolder(dirname(path));
}

/** A file that is being removed right now is not there any more, or is found to be new and goes back. */
async function isRenewed(path: string, bytes: number): Promise<boolean> {
  try {
    const found = await lstat(path);
    if (!found.isFile() || found.size !== bytes) return false;
    const now = new Date();
    await utimes(path, now, now);
    return true;
  } catch (thrown) {
    if (isAbsent(thrown)) return false;
    throw thrown;
  }
}

async function onDisk<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (thrown) {
    throw toStateError(thrown);
  }
}
