import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open, realpath } from 'node:fs/promises';
import { join } from 'node:path';

import { listPackageFiles, type PackageFile } from './package-files.js';

/** A file that was written this shortly before it was read may have been written once more within one tick of its time stamps. */
const UNSETTLED_MS = 1_000;
const CHUNK_BYTES = 256 * 1024;

/** What a package was when it was read. */
export interface Seal {
  /** Without links. */
  readonly root: string;
  readonly integrity: string;
  readonly files: ReadonlyMap<string, SealedFile>;
  /** The last change of any file, in ms since the epoch. */
  readonly changedAtMs: number;
}

interface SealedFile {
  readonly line: string;
  readonly stamp: string;
  /** Written long enough before it was read. */
  readonly settled: boolean;
}

export type SealResult = { readonly ok: true; readonly seal: Seal } | { readonly ok: false; readonly problem: string };

/**
 * The integrity of a package: `sha256-` and the base64 SHA-256 of one line of JSON for each file, in the order of their paths (by UTF-16
 * code units): `["file", path, executable, bytes, SHA-256 as hex]`, and `["link", path, target]` for each link. Folders named
 * `node_modules` and the `.git` at the root do not count. With a `former` seal of the same package only files are read that may have
 * changed since.
 */
export async function sealPackage(folder: string, former?: Seal): Promise<SealResult> {
  try {
    const root = await realpath(folder);
    const listed = await listPackageFiles(root);
    if (!listed.ok) return listed;
    const files = new Map<string, SealedFile>();
    const whole = createHash('sha256');
    let changedAtMs = 0;
    for (const file of listed.files) {
      const known = former?.root === root ? former.files.get(file.path) : undefined;
      const sealed = known?.settled === true && known.stamp === file.stamp ? known : await sealFile(root, file);
      files.set(file.path, sealed);
      whole.update(`${sealed.line}\n`);
      changedAtMs = Math.max(changedAtMs, file.changedAtMs);
    }
    return { ok: true, seal: { root, integrity: `sha256-${whole.digest('base64')}`, files, changedAtMs } };
  } catch (error) {
    return { ok: false, problem: `it cannot be read: ${error instanceof Error ? error.message : String(error)}` };
  }
}

/** Paths that differ between two seals, the first few. */
export function changedFiles(before: Seal, after: Seal, most: number): string[] {
  const paths = [...new Set([...before.files.keys(), ...after.files.keys()])].filter((path) => before.files.get(path)?.line !== after.files.get(path)?.line).sort();
  return paths.length > most ? [...paths.slice(0, most), `and ${String(paths.length - most)} more`] : paths;
}

async function sealFile(root: string, file: PackageFile): Promise<SealedFile> {
  const { path, executable, bytes, link, stamp, changedAtMs } = file;
  const settled = changedAtMs < Date.now() - UNSETTLED_MS;
  const line = link === undefined ? JSON.stringify(['file', path, executable, bytes, await digestOf(join(root, path), bytes)]) : JSON.stringify(['link', path, link]);
  return { line, stamp, settled };
}

async function digestOf(file: string, bytes: number): Promise<string> {
  await using handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  const hash = createHash('sha256');
  const chunk = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, bytes + 1));
  let seen = 0;
  for (let read = await handle.read(chunk); read.bytesRead > 0; read = await handle.read(chunk)) {
    seen += read.bytesRead;
    if (seen > bytes) break;
    hash.update(chunk.subarray(0, read.bytesRead));
  }
  if (seen !== bytes) throw new Error(`${file} is being written`);
  return hash.digest('hex');
}
