import { constants } from 'node:fs';
import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';

/** A folder that is held open: what is reached below `path` is in this very folder, whatever stands under its name by now. */
export interface HeldFolder {
  readonly path: string;
  close(): Promise<void>;
}

/** Where the system can name what is open. Elsewhere a folder is reached by its name, and one that is exchanged in that moment is not seen. */
const CAN_HOLD = process.platform === 'linux';
const FOLDER = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;

/**
 * Holds a folder below a root by a path without links, one name after the other, each looked up in the folder before. `undefined`: there is
 * a link or no folder on the way, which was another thing when the path was resolved. With `make`, the mode of folders, what is missing is
 * made; else it fails with `ENOENT`.
 */
export async function holdFolder(root: string, path: string, { make }: { readonly make?: number } = {}): Promise<HeldFolder | undefined> {
  const names = path === '' || path === '.' ? [] : path.split('/');
  let held: HeldFolder | undefined = await holdRoot(root);
  for (const name of names) {
    const around: HeldFolder = held;
    try {
      if (make !== undefined) await mkdir(join(around.path, name), make).catch(ignoreExisting);
      held = await holdChild(around.path, name);
    } finally {
      await around.close();
    }
    if (held === undefined) return undefined;
  }
  return held;
}

/** A folder in one that is held. `undefined` when there is a link or no folder. */
export async function holdChild(folder: string, name: string): Promise<HeldFolder | undefined> {
  const path = join(folder, name);
  if (!CAN_HOLD) return { path, close: () => Promise.resolve() };
  try {
    return opened(await open(path, FOLDER));
  } catch (error) {
    if (hasCode(error, 'ELOOP', 'ENOTDIR')) return undefined;
    throw error;
  }
}

async function holdRoot(root: string): Promise<HeldFolder> {
  return CAN_HOLD ? opened(await open(root, constants.O_RDONLY | constants.O_DIRECTORY)) : { path: root, close: () => Promise.resolve() };
}

function opened(handle: FileHandle): HeldFolder {
  return { path: `/proc/self/fd/${String(handle.fd)}`, close: () => handle.close() };
}

function ignoreExisting(error: unknown): void {
  if (!hasCode(error, 'EEXIST')) throw error;
}

function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code));
}
