import { lstat, realpath, stat } from 'node:fs/promises';
import { isAbsolute, join, normalize } from 'node:path';

import { AppError } from '@kb-labs/errors';

import type { Room } from './confinement.js';

/** Something of the host, or an empty folder in its place. */
export interface Mount {
  readonly kind: 'read' | 'write' | 'empty';
  /** Where it is seen inside. */
  readonly path: string;
  /** What is seen there, links followed. The same as `path` for an empty folder. */
  readonly source: string;
}

/** `protects`: also where it could be seen anyway. */
type Wanted = Mount & { readonly protects?: true };

/**
 * What git and the engine act on later, outside of any confinement: who can write there runs programs as the engine. The whole of
 * `.git`, for its hooks and its configuration can be replaced by way of nearly any file in it.
 */
const PROTECTED = ['.git', '.kb'] as const;
/** Runs, outputs, keys and sockets of the engine. */
const STATE = '.kb/state';

/**
 * The mounts of a room, each folder before what is in it. `hidden` are folders that nobody inside may see wherever a mount would
 * show them. Further readable paths that are not there are left out; a missing workspace or writable folder is refused.
 */
export async function planMounts(room: Room, hidden: readonly string[], target: string): Promise<readonly Mount[]> {
  const wanted: Wanted[] = [];
  for (const path of room.readable) wanted.push(...(await mountsOf('read', path, target)));
  for (const path of room.writable) wanted.push(...required(await mountsOf('write', path, target), path, target));
  const workspaces = room.workspaceAccess === 'none' ? [] : required(await mountsOf(room.workspaceAccess, room.workspace, target), room.workspace, target);
  wanted.push(...workspaces);
  if (room.workspaceAccess === 'write') wanted.push(...(await protectedIn(workspaces)));
  const roots = new Set([room.workspace, ...workspaces.map(({ path }) => path), await realOf(room.workspace)]);
  for (const path of [...[...roots].map((root) => join(root, STATE)), ...hidden]) wanted.push(...(await emptied(path, target)));
  return inOrder(wanted);
}

/** At the path as given, and where it really is: Node looks for what a module imports beside its real path. */
async function mountsOf(kind: 'read' | 'write', path: string, target: string): Promise<Mount[]> {
  checkPath(path, target);
  const source = await realOf(path);
  if ((await stat(source).catch(() => undefined)) === undefined) return [];
  checkPath(source, target);
  return source === path ? [{ kind, path, source }] : [{ kind, path, source }, { kind, path: source, source }];
}

async function realOf(path: string): Promise<string> {
  return realpath(path).catch(() => path);
}

function required(mounts: Mount[], path: string, target: string): Mount[] {
  if (mounts.length === 0) throw unusable(target, `the folder ${path} does not exist`);
  return mounts;
}

async function protectedIn(workspaces: readonly Mount[]): Promise<Wanted[]> {
  const mounts: Wanted[] = [];
  for (const { path, source } of workspaces) {
    for (const name of PROTECTED) {
      const found = await lstat(join(source, name)).catch(() => undefined);
      if (found === undefined) continue;
      const real = await realOf(join(source, name));
      // A link cannot be mounted on. What it leads to can, as far as it is in the workspace.
      const inside = found.isSymbolicLink() ? insideOf(source, real) : `/${name}`;
      if (inside !== undefined && inside !== '') mounts.push({ kind: 'read', path: `${path}${inside}`, source: real, protects: true });
    }
  }
  return mounts;
}

async function emptied(path: string, target: string): Promise<Mount[]> {
  checkPath(path, target);
  const real = await realOf(path);
  if ((await stat(real).catch(() => undefined))?.isDirectory() !== true) return [];
  const isLink = (await lstat(path)).isSymbolicLink();
  const paths = real === path || isLink ? [real] : [path, real];
  return paths.map((each) => ({ kind: 'empty', path: each, source: each }));
}

/**
 * Outer folders first. Of two mounts at one path the empty one counts, then the writable one. What an outer mount shows already
 * is not mounted again, except to protect it, and where nothing is shown nothing needs to be hidden.
 */
function inOrder(wanted: readonly Wanted[]): Mount[] {
  const ranks = { empty: 2, write: 1, read: 0 } as const;
  const sorted = wanted.toSorted((a, b) => depth(a.path) - depth(b.path) || ranks[b.kind] - ranks[a.kind]);
  const mounts: Mount[] = [];
  for (const { protects, ...mount } of sorted) {
    if (mounts.some(({ path }) => path === mount.path)) continue;
    const outer = mounts.findLast(({ path }) => insideOf(path, mount.path) !== undefined)?.kind;
    if (protects === true || isNeeded(mount.kind, outer)) mounts.push(mount);
  }
  return mounts;
}

function isNeeded(kind: Mount['kind'], outer: Mount['kind'] | undefined): boolean {
  const isShown = outer !== undefined && outer !== 'empty';
  switch (kind) {
    case 'empty':
      return isShown;
    case 'write':
      return outer !== 'write';
    case 'read':
      return !isShown;
  }
}

function depth(path: string): number {
  return path.split('/').length;
}

/** What has to be added to `folder` to get to `path`: empty, or from `/` on. */
function insideOf(folder: string, path: string): string | undefined {
  return path === folder ? '' : path.startsWith(`${folder}/`) ? path.slice(folder.length) : undefined;
}

function checkPath(path: string, target: string): void {
  if (!isAbsolute(path) || path === '/' || normalize(path) !== path || path.endsWith('/') || /[\u0000-\u001f\u007f]/.test(path)) {
    throw unusable(target, `${JSON.stringify(path)} cannot be shown inside`);
  }
}

function unusable(target: string, problem: string): AppError {
  return new AppError('TARGET_NOT_AVAILABLE', { target, problem });
}
