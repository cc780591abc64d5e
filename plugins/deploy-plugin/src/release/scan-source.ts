import { lstat, readdir, readlink, realpath } from 'node:fs/promises';
import { join, relative, resolve, sep } from 'node:path';

import { failedWith, ReleaseFailure } from './release-failure.js';
import type { SourceEntry } from './requests.js';

const ENTRIES = 1_000_000;

/** Where the source really is. It has to be a folder of the workspace. */
export async function findSource(workspace: string, source: string): Promise<string> {
  const root = await realpath(workspace);
  const found = await realpath(resolve(root, source)).catch((error: unknown) => {
    if (failedWith(error, 'ENOENT', 'ENOTDIR')) throw new ReleaseFailure('SOURCE_MISSING', `there is no folder ${source}`, { hint: 'build it first; the path is relative to the workspace' });
    throw error;
  });
  if (!isWithin(root, found)) throw new ReleaseFailure('SOURCE_OUTSIDE', `the source ${source} is outside the workspace`);
  if (!(await lstat(found)).isDirectory()) throw new ReleaseFailure('SOURCE_MISSING', `${source} is not a folder`);
  return found;
}

/**
 * Everything in the source, sorted by path, so that a folder stands before what is in it. Left out are `.git` at any
 * depth, and `.kb` at the top.
 */
export async function scanSource(root: string): Promise<SourceEntry[]> {
  const entries: SourceEntry[] = [];
  await addFolder(root, '', entries);
  if (!entries.some(({ kind }) => kind !== 'folder')) throw new ReleaseFailure('SOURCE_EMPTY', 'the source holds no file', { hint: 'build it first' });
  return entries.sort((a, b) => (a.path < b.path ? -1 : 1));
}

export function isWithin(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way === '' || (way !== '..' && !way.startsWith(`..${sep}`));
}

async function addFolder(root: string, folder: string, entries: SourceEntry[]): Promise<void> {
  for (const name of await readdir(join(root, folder))) {
    if (name.toLowerCase() === '.git' || (folder === '' && name === '.kb')) continue;
    const path = folder === '' ? name : `${folder}/${name}`;
    if (name.includes('\uFFFD')) throw new ReleaseFailure('SOURCE_NAME', `the name of ${JSON.stringify(path)} is not UTF-8`);
    if (entries.length === ENTRIES) throw new ReleaseFailure('SOURCE_TOO_LARGE', `the source holds more than ${String(ENTRIES)} entries`);
    const entry = await describe(root, path);
    entries.push(entry);
    if (entry.kind === 'folder') await addFolder(root, path, entries);
  }
}

/** Set-user-id and sticky bits are not carried over: they would give rights to what was built. */
async function describe(root: string, path: string): Promise<SourceEntry> {
  const at = join(root, path);
  const found = await lstat(at);
  const mode = found.mode & 0o777;
  if (found.isFile()) return { kind: 'file', path, mode, bytes: found.size };
  if (found.isDirectory()) return { kind: 'folder', path, mode };
  if (!found.isSymbolicLink()) throw new ReleaseFailure('SOURCE_KIND', `${path} is neither a file, a folder nor a link`);
  const leadsTo = await readlink(at);
  if (staysInside(path, leadsTo)) return { kind: 'link', path, leadsTo };
  throw new ReleaseFailure('LINK_OUTSIDE', `the link ${path} leads to ${leadsTo}`, { hint: 'a link has to lead to something inside the source by a relative path without detours' });
}

/**
 * Steps up come first and are fewer than the folders the link is in; those are no links, so the steps lead where they seem
 * to. What follows goes down only, through links that obey the same rule. Whatever is there, the end is inside.
 */
export function staysInside(path: string, leadsTo: string): boolean {
  if (leadsTo.startsWith('/') || leadsTo.includes('\uFFFD')) return false;
  const parts = leadsTo.split('/').filter((part) => part !== '' && part !== '.');
  const up = parts.findIndex((part) => part !== '..');
  const steps = up === -1 ? parts.length : up;
  return steps <= path.split('/').length - 1 && !parts.slice(steps).includes('..');
}
