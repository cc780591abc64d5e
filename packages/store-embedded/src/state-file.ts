import { chmodSync, closeSync, fstatSync, fsyncSync, openSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { makeFolder } from './make-folder.js';

const FILE_MODE = 0o600;

/** Makes `<dir>/state.db` if it is missing, readable for its owner only, and answers its path. */
export function prepareStateFile(dir: string): string {
  const firstMade = makeFolder(dir);
  // A power cut must not take the whole directory; SQLite looks after what is inside.
  if (firstMade !== undefined) syncDirectory(dirname(firstMade));
  const file = join(dir, 'state.db');
  makeOwnersFile(file);
  return file;
}

/** Makes a file for its owner only, and closes to others one that is there. */
export function makeOwnersFile(file: string): void {
  const descriptor = openSync(file, 'a', FILE_MODE);
  try {
    if ((fstatSync(descriptor).mode & 0o077) !== 0) chmodSync(file, FILE_MODE);
  } finally {
    closeSync(descriptor);
  }
}

/** Removes a database that nobody needs, with what SQLite keeps beside it. */
export function discardFile(file: string): void {
  for (const ending of ['', '-wal', '-shm']) rmSync(file + ending, { force: true });
}

function syncDirectory(path: string): void {
  if (process.platform === 'win32') return;
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
