import { lstat, mkdir, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { AppError } from '@kb-labs/errors';

export interface BlobPlace {
  readonly dir: string;
}

const DIRECTORY_MODE = 0o700;

export function pathOf(place: BlobPlace, hash: string): string {
  return join(place.dir, 'sha256', hash.slice(0, 2), hash.slice(2));
}

export function incomingOf(place: BlobPlace): string {
  return join(place.dir, 'incoming');
}

/** Makes a folder below the place, durably, and refuses one that is a link to somewhere else. */
export async function makeFolder(place: BlobPlace, path: string): Promise<void> {
  const firstMade = await mkdir(path, { recursive: true, mode: DIRECTORY_MODE });
  await refuseLinks(place, path);
  if (firstMade === undefined) return;
  for (let made = path; made.length >= firstMade.length; made = dirname(made)) await syncFolder(dirname(made));
}

/** Fails with `STATE_CORRUPT` when a folder between the place and `path`, itself included, is not a plain folder. */
export async function refuseLinks(place: BlobPlace, path: string): Promise<void> {
  for (let folder = path; folder.length > place.dir.length; folder = dirname(folder)) {
    if (!(await lstat(folder)).isDirectory()) throw new AppError('STATE_CORRUPT', { problem: `${folder} is not a folder` });
  }
}

/** Makes a rename in a folder outlast a power cut. Windows has no such call and needs none. */
export async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
