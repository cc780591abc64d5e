import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

const MODE = 0o700;

/**
 * Makes a folder, and those above it that are missing, for its owner only. Answers the first one that it made. What Node has for this never
 * comes back where a file system has no new folders and says that they are not there, as /proc does.
 */
export function makeFolder(dir: string): string | undefined {
  if (isFolder(dir)) return undefined;
  const above = dirname(dir);
  const firstMade = above === dir ? undefined : makeFolder(above);
  try {
    mkdirSync(dir, { mode: MODE });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    // Another process was first.
    if (code === 'EEXIST' && isFolder(dir)) return firstMade;
    if (code !== 'ENOENT') throw error;
    throw Object.assign(new Error(`no folder can be made in ${above}`, { cause: error }), { code, syscall: 'mkdir' });
  }
  return firstMade ?? dir;
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
