import { constants, type Dirent } from 'node:fs';
import { type FileHandle, lstat, readdir, rmdir, stat, unlink } from 'node:fs/promises';
import { join, posix } from 'node:path';

import type { FileStat, PluginFiles } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';

import { compileGlob, type Glob, globEnds, type GlobPlaces, globStart, globStep } from '../files/glob.js';
import { type HeldFolder, holdChild, holdFolder } from '../files/hold-folder.js';
import { type InsidePath, openInside, resolveInside } from '../files/inside.js';
import type { Grant } from './grant.js';

/**
 * `ctx.fs`. A permission is checked on where a path really leads, after every link, so a link inside the workspace opens
 * nothing that its target is not granted for.
 */
export function pluginFiles(workspace: string, grant: Grant): PluginFiles {
  const files = new WorkspaceAccess(workspace, grant);
  return {
    readText: async (path) => (await files.read(path)).toString('utf8'),
    readBytes: (path) => files.read(path),
    write: (path, content) => files.write(path, content),
    list: (glob) => files.list(glob),
    exists: (path) => files.exists(path),
    stat: (path) => files.stat(path),
    remove: (path) => files.remove(path),
  };
}

class WorkspaceAccess {
  readonly #workspace: string;
  readonly #grant: Grant;

  constructor(workspace: string, grant: Grant) {
    this.#workspace = workspace;
    this.#grant = grant;
  }

  async read(path: string): Promise<Buffer> {
    const handle = await this.#open(await this.#toRead(path), constants.O_RDONLY);
    try {
      return await handle.readFile();
    } finally {
      await handle.close();
    }
  }

  async write(path: string, content: string | Uint8Array): Promise<void> {
    const place = await this.#resolve(path, 'writing', 'fs.write');
    this.#grant.requireWrite(place.relative);
    const handle = await this.#open(place, constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC, 0o777);
    try {
      await handle.writeFile(content);
    } finally {
      await handle.close();
    }
  }

  async exists(path: string): Promise<boolean> {
    return lstat((await this.#toRead(path)).absolute).then(() => true, () => false);
  }

  async stat(path: string): Promise<FileStat> {
    const found = await stat((await this.#toRead(path)).absolute);
    const kind = found.isFile() ? 'file' : found.isDirectory() ? 'folder' : 'other';
    return { kind, bytes: found.size, modifiedAt: Math.floor(found.mtimeMs) };
  }

  async list(pattern: string): Promise<readonly string[]> {
    this.#grant.requireAnyRead();
    const root = await this.#hold(await this.#resolve('.', 'listing', 'fs.read'), '');
    try {
      const glob = compileGlob(pattern);
      const found: string[] = [];
      for await (const path of matchingFiles(root.path, '', { glob, places: globStart(glob) })) {
        if (this.#grant.mayRead(path)) found.push(path);
      }
      return found.sort();
    } finally {
      await root.close();
    }
  }

  /** Of a folder, every file in it must be granted before the first one goes. A link goes, not what it leads to. */
  async remove(path: string): Promise<void> {
    const place = await this.#resolve(path, 'removing', 'fs.write', 'keep');
    if (place.relative === '') throw outside('removing', path, 'fs.write');
    const name = posix.basename(place.relative);
    const around = await this.#hold(place, posix.dirname(place.relative)).catch(ignoreMissing);
    if (around === undefined) return this.#grant.requireWrite(place.relative);
    try {
      await this.#requireRemove(around.path, place.relative);
      await removeEntry(around.path, name);
    } finally {
      await around.close();
    }
  }

  async #requireRemove(around: string, path: string): Promise<void> {
    const found = await lstat(join(around, posix.basename(path))).catch(() => undefined);
    if (found?.isDirectory() !== true) return this.#grant.requireWrite(path);
    for await (const file of everyEntry(around, path)) this.#grant.requireWrite(file);
    if (!this.#grant.mayWrite(path)) this.#grant.requireWrite(`${path}/*`);
  }

  async #toRead(path: string): Promise<InsidePath> {
    const place = await this.#resolve(path, 'reading', 'fs.read');
    this.#grant.requireRead(place.relative);
    return place;
  }

  async #resolve(path: string, act: string, permission: string, lastLink: 'follow' | 'keep' = 'follow'): Promise<InsidePath> {
    const place = await resolveInside(this.#workspace, path, { lastLink });
    if (place === undefined) throw outside(act, path, permission);
    return place;
  }

  async #hold(place: InsidePath, folder: string): Promise<HeldFolder> {
    const held = await holdFolder(place.root, folder);
    if (held === undefined) throw outside('opening', folder, 'fs');
    return held;
  }

  async #open(place: InsidePath, flags: number, folderMode?: number): Promise<FileHandle> {
    const handle = await openInside(place, flags, folderMode === undefined ? {} : { folderMode });
    if (handle === undefined) throw outside('opening', place.relative, 'fs');
    return handle;
  }
}

function outside(act: string, path: string, permission: string): AppError {
  const hint = 'nothing outside the workspace can be granted, and its root cannot be removed';
  return new AppError('PERMISSION_DENIED', { act: `${act} ${path}`, permission }, { hint });
}

interface Walk {
  readonly glob: Glob;
  readonly places: GlobPlaces;
}

/** Folders are held while they are walked: one that is exchanged for a link meanwhile leads nowhere else. */
async function* matchingFiles(folder: string, path: string, { glob, places }: Walk): AsyncGenerator<string> {
  for (const entry of await entriesOf(folder)) {
    const next = globStep(glob, places, entry.name);
    const entryPath = path === '' ? entry.name : `${path}/${entry.name}`;
    if (entry.isFile() && globEnds(glob, next)) yield entryPath;
    else if (entry.isDirectory() && next.length > 0) yield* within(folder, entry.name, (inner) => matchingFiles(inner, entryPath, { glob, places: next }));
  }
}

/** All that is in the folder at the end of a path, but for folders. */
async function* everyEntry(around: string, path: string): AsyncGenerator<string> {
  yield* within(around, posix.basename(path), async function* (folder) {
    for (const entry of await entriesOf(folder)) {
      const entryPath = `${path}/${entry.name}`;
      if (entry.isDirectory()) yield* everyEntry(folder, entryPath);
      else yield entryPath;
    }
  });
}

async function* within(folder: string, name: string, walk: (inner: string) => AsyncGenerator<string>): AsyncGenerator<string> {
  const held = await holdChild(folder, name).catch(ignoreMissing);
  if (held === undefined) return;
  try {
    yield* walk(held.path);
  } finally {
    await held.close();
  }
}

/** A link goes, not what it leads to. What is gone already is fine. */
async function removeEntry(folder: string, name: string): Promise<void> {
  const held = await holdChild(folder, name).catch(ignoreMissing);
  if (held === undefined) return unlink(join(folder, name)).catch(ignoreMissing);
  try {
    for (const entry of await entriesOf(held.path)) await removeEntry(held.path, entry.name);
  } finally {
    await held.close();
  }
  await rmdir(join(folder, name)).catch(ignoreMissing);
}

function ignoreMissing(error: unknown): undefined {
  if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  return undefined;
}

async function entriesOf(folder: string): Promise<Dirent[]> {
  // A folder that went away while its parent was read holds nothing.
  return readdir(folder, { withFileTypes: true }).catch(() => []);
}
