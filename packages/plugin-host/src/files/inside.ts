import { constants } from 'node:fs';
import { type FileHandle, open, readlink, realpath } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';

/** A place inside a root: the absolute path with every link resolved, and the same relative to the root, with `/`. */
export interface InsidePath {
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
  return { absolute, relative: relative(realRoot, absolute).split(sep).join('/') };
}

/**
 * Opens a file that `resolveInside` found, without following a link put there since. Where the system can say which
 * file was opened, that is checked too: a folder on the way could have been exchanged. `undefined` when it was.
 * `mode` is of a file that is made.
 */
export async function openInside(path: InsidePath, flags: number, mode = 0o666): Promise<FileHandle | undefined> {
  const handle = await open(path.absolute, flags | constants.O_NOFOLLOW | constants.O_NONBLOCK, mode);
  if (process.platform !== 'linux' || (await readlink(`/proc/self/fd/${String(handle.fd)}`)) === path.absolute) return handle;
  await handle.close();
  return undefined;
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
