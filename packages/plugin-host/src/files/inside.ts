import { constants } from 'node:fs';
import { type FileHandle, open, readlink, realpath } from 'node:fs/promises';
import { basename, dirname, join, posix, relative, resolve, sep } from 'node:path';

import { holdFolder } from './hold-folder.js';

/** A place inside a root: the absolute path with every link resolved, and the same relative to the root, with `/`. */
export interface InsidePath {
  /** With every link resolved. */
  readonly root: string;
  readonly absolute: string;
  readonly relative: string;
}

/**
 * Resolves a path below a root. `undefined` when it leads out of it, by `..`, an absolute path or a link. What is not
 * there (`ENOENT`) is resolved as far as it is there. With `lastLink: 'keep'` a link at the end stays itself.
 */
export async function resolveInside(root: string, path: string, options: { lastLink?: 'follow' | 'keep' } = {}): Promise<InsidePath | undefined> {
  if (path.includes('\0')) return undefined;
  const realRoot = await realpath(root);
  const written = resolve(root, path);
  const wanted = written === resolve(root) || isBelow(resolve(root), written) ? resolve(realRoot, relative(resolve(root), written)) : written;
  if (wanted !== realRoot && !isBelow(realRoot, wanted)) return undefined;
  const absolute =
    options.lastLink === 'keep' && wanted !== realRoot ? join(await realOrMissing(dirname(wanted)), basename(wanted)) : await realOrMissing(wanted);
  if (absolute !== realRoot && !isBelow(realRoot, absolute)) return undefined;
  return { root: realRoot, absolute, relative: relative(realRoot, absolute).split(sep).join('/') };
}

/**
 * Opens a file that `resolveInside` found, without following a link put there since, be it the file or a folder on the way: nothing
 * outside is opened, nor made. `undefined` when there was one on the way. `mode` is of a file that is made; with `folderMode`, folders that
 * are missing on the way are made.
 */
export async function openInside(path: InsidePath, flags: number, options: { readonly mode?: number; readonly folderMode?: number } = {}): Promise<FileHandle | undefined> {
  const { mode = 0o666, folderMode } = options;
  if (path.relative === '') return open(path.root, flags | constants.O_NONBLOCK, mode);
  try {
    const held = await holdFolder(path.root, posix.dirname(path.relative), folderMode === undefined ? {} : { make: folderMode });
    if (held === undefined) return undefined;
    try {
      return await open(join(held.path, posix.basename(path.relative)), flags | constants.O_NOFOLLOW | constants.O_NONBLOCK, mode);
    } finally {
      await held.close();
    }
  } catch (error) {
    throw named(error, path.absolute);
  }
}

/** The system names the folder that is held; whoever reads the error knows the file. */
function named(error: unknown, absolute: string): unknown {
  if (!(error instanceof Error) || !('path' in error)) return error;
  error.message = error.message.replace(/'\/proc\/self\/fd\/.*'$/s, () => `'${absolute}'`);
  return Object.assign(error, { path: absolute });
}

function isBelow(root: string, path: string): boolean {
  return path.startsWith(root.endsWith(sep) ? root : root + sep);
}

async function realOrMissing(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    if (!isMissing || dirname(path) === path || (await isLink(path))) throw error;
    return join(await realOrMissing(dirname(path)), basename(path));
  }
}

/** A link to nothing: following it later could lead anywhere, so it counts as not there instead of as a free name. */
async function isLink(path: string): Promise<boolean> {
  return readlink(path).then(() => true, () => false);
}
