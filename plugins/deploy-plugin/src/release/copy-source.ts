import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { chmod, type FileHandle, lstat, mkdir, open, symlink } from 'node:fs/promises';
import { join } from 'node:path';

import { type FileSum, type SourceSum, sumUp } from './digest-source.js';
import { sideBySide } from './side-by-side.js';
import type { SourceEntry } from './requests.js';

const PIECE_BYTES = 256 * 1024;

/**
 * Copies a source into a folder that is not there yet, through to the disk, and answers what was copied: the digest is of
 * the bytes that were written. Times of files are kept.
 */
export async function copySource(root: string, target: string, { entries, onCopied }: { readonly entries: readonly SourceEntry[]; readonly onCopied: (fraction: number) => void }): Promise<SourceSum> {
  await mkdir(target, { mode: 0o700 });
  for (const entry of entries) if (entry.kind === 'folder') await mkdir(join(target, entry.path), { mode: 0o700 });
  let done = 0;
  const sums = await sideBySide(entries, async (entry) => {
    const sum = await copyEntry(root, target, entry);
    done += 1;
    onCopied(done / entries.length);
    return sum;
  });
  // From the innermost outwards: a folder that may not be written takes nothing in any more.
  for (const entry of entries.toReversed()) if (entry.kind === 'folder') await finishFolder(join(target, entry.path), entry.mode);
  await finishFolder(target, (await lstat(root)).mode & 0o777);
  return sumUp(entries, (at) => sums[at]);
}

/** Makes sure that what was done to the entries of a folder outlasts a loss of power. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function copyEntry(root: string, target: string, entry: SourceEntry): Promise<FileSum | undefined> {
  switch (entry.kind) {
    case 'folder':
      return undefined;
    case 'link':
      await symlink(entry.leadsTo, join(target, entry.path));
      return undefined;
    case 'file':
      return copyFile(join(root, entry.path), join(target, entry.path), entry.mode);
  }
}

/** Not by the system's own copy: what is hashed has to be what is written. A file that became a link meanwhile is refused. */
async function copyFile(from: string, to: string, mode: number): Promise<FileSum> {
  const source = await open(from, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    const copy = await open(to, 'wx', 0o600);
    try {
      const sum = await copyBytes(source, copy);
      const { atime, mtime } = await source.stat();
      await copy.utimes(atime, mtime);
      await copy.chmod(mode);
      await copy.sync();
      return sum;
    } finally {
      await copy.close();
    }
  } finally {
    await source.close();
  }
}

async function copyBytes(source: FileHandle, copy: FileHandle): Promise<FileSum> {
  const hash = createHash('sha256');
  const piece = Buffer.allocUnsafe(PIECE_BYTES);
  for (let bytes = 0; ; ) {
    const { bytesRead } = await source.read(piece, 0, PIECE_BYTES, null);
    if (bytesRead === 0) return { hash: hash.digest('hex'), bytes };
    const part = piece.subarray(0, bytesRead);
    hash.update(part);
    await copy.writeFile(part);
    bytes += bytesRead;
  }
}

async function finishFolder(folder: string, mode: number): Promise<void> {
  await syncFolder(folder);
  await chmod(folder, mode);
}
