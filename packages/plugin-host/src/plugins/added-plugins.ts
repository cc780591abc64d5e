import { stat } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';

import type { LockedPlugin } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';
import type { InstalledPlugin } from '@kb-labs/ports';

import { findPackage } from './find-package.js';
import { isOfPackage } from './package-files.js';
import { diffPermissions, grantsOf } from './permission-terms.js';
import { type LockedPlugins, pluginsLockFile, readPluginsLock } from './plugins-lock.js';
import { type PluginFolder, readPlugin, readPluginFolder, type ReadPlugin } from './read-plugin.js';
import { changedFiles, type Seal, sealPackage } from './seal-package.js';

/** How much of what changed is told. */
const TOLD = 5;

/**
 * The plugins of `.kb/plugins.lock`. The file is read again when it changed, and a plugin is checked each time it is asked for: all its
 * files the first time, from then on those that may have been written to since.
 */
export class AddedPlugins {
  readonly #projectRoot: string;
  readonly #checks = new Map<string, Promise<ReadPlugin>>();
  readonly #seals = new Map<string, Seal>();
  /** The seal that fitted the lock last, to say what changed since. */
  readonly #fitting = new Map<string, Seal>();
  readonly #read = new Map<string, { readonly integrity: string; readonly plugin: ReadPlugin }>();
  #lock: { readonly stamp: string; readonly plugins: LockedPlugins } | undefined;

  constructor(projectRoot: string) {
    this.#projectRoot = projectRoot;
  }

  /** Fails with `PLUGINS_LOCK_INVALID`. */
  async locked(): Promise<LockedPlugins> {
    const stamp = await stampOf(pluginsLockFile(this.#projectRoot));
    if (this.#lock?.stamp !== stamp) this.#lock = { stamp, plugins: await readPluginsLock(this.#projectRoot) };
    return this.#lock.plugins;
  }

  /** The plugin as it was added, or why what is there is not it; `undefined` when none of this name was added. */
  async find(name: string): Promise<ReadPlugin | undefined> {
    let locked: LockedPlugin | undefined;
    try {
      locked = (await this.locked()).get(name);
    } catch (error) {
      if (error instanceof AppError) return { ok: false, code: 'PLUGINS_LOCK_INVALID', problem: String(error.details['problem'] ?? error.message) };
      throw error;
    }
    if (locked === undefined) return undefined;
    const running = this.#checks.get(name);
    if (running !== undefined) return running;
    const check = this.#check(name, locked).finally(() => this.#checks.delete(name));
    this.#checks.set(name, check);
    return check;
  }

  /** Every plugin of the lock, by name; with `verify` as `find` answers, else as its manifest says. */
  async list({ verify = false }: { verify?: boolean } = {}): Promise<readonly InstalledPlugin[]> {
    const found: InstalledPlugin[] = [];
    for (const [name, locked] of await this.locked()) {
      const here = await this.#look(name, locked);
      const whole = verify ? await this.find(name) : here;
      const problem = whole === undefined || whole.ok ? undefined : whole.problem;
      const shown = here.ok ? here.plugin.installed : { id: name, version: locked.version, origin: 'added' as const, trusted: locked.trusted, commands: [] };
      found.push({ ...shown, trusted: locked.trusted, integrity: locked.integrity, granted: locked.permissions, ...(problem === undefined ? {} : { problem }) });
    }
    return found;
  }

  async #look(name: string, locked: LockedPlugin): Promise<ReadPlugin> {
    const folder = await placeOf(this.#projectRoot, name, locked);
    return folder === undefined ? missing(locked) : readAdded(name, folder);
  }

  async #check(name: string, locked: LockedPlugin): Promise<ReadPlugin> {
    const folder = await placeOf(this.#projectRoot, name, locked);
    if (folder === undefined) return missing(locked);
    const sealed = await sealPackage(folder.root, this.#seals.get(name));
    if (!sealed.ok) return changed(sealed.problem);
    this.#seals.set(name, sealed.seal);
    const { integrity } = sealed.seal;
    const known = this.#read.get(name);
    const read = known?.integrity === integrity ? known.plugin : await readAdded(name, folder);
    const problem = whatChanged(locked, { read, seal: sealed.seal, former: this.#fitting.get(name) });
    if (problem !== undefined) return changed(problem);
    if (!read.ok) return read;
    this.#fitting.set(name, sealed.seal);
    this.#read.set(name, { integrity, plugin: read });
    const { installed } = read.plugin;
    return { ok: true, plugin: { ...read.plugin, installed: { ...installed, trusted: locked.trusted }, trusted: locked.trusted, integrity } };
  }
}

/** Reads a folder as a plugin of this name; no code of it may be where its integrity does not reach. */
export async function readAdded(name: string, folder: PluginFolder): Promise<ReadPlugin> {
  if (folder.name !== name) return { ok: false, problem: folder.name === undefined ? (folder.problem ?? 'it has no name') : `the package in ${folder.root} is ${folder.name}` };
  const read = await readPlugin(folder);
  if (!read.ok || folder.manifestFile === undefined) return read;
  const inside = (file: string): boolean => isOfPackage(relative(folder.root, file).split(sep).join('/'));
  if (!inside(folder.manifestFile)) return { ok: false, problem: 'its manifest is not among the files of the package' };
  const base = dirname(folder.manifestFile);
  const stray = read.plugin.installed.commands.find(({ handler }) => !inside(resolve(base, handler.split('#')[0] ?? '')));
  return stray === undefined ? read : { ok: false, problem: `the handler of ${stray.id} is not among the files of the package` };
}

function placeOf(projectRoot: string, name: string, { source }: LockedPlugin): Promise<PluginFolder | undefined> {
  if (source === 'package') return findPackage(projectRoot, name, 'added');
  return readFolder(resolve(projectRoot, source));
}

async function readFolder(root: string): Promise<PluginFolder | undefined> {
  const exists = await stat(join(root, 'package.json')).then(() => true, () => false);
  return exists ? readPluginFolder(root, 'added') : undefined;
}

function missing({ source, version }: LockedPlugin): ReadPlugin {
  const problem = source === 'package' ? `it was added as ${version} and is not installed` : `it was added from ${source}, and there is no package`;
  return { ok: false, code: 'UNKNOWN_PLUGIN', problem, hint: source === 'package' ? 'install the packages of the project' : 'put the folder back, or take the plugin out with "kb plugin:remove"' };
}

function changed(problem: string): ReadPlugin {
  return { ok: false, code: 'PLUGIN_CHANGED', problem };
}

function whatChanged(locked: LockedPlugin, now: { read: ReadPlugin; seal: Seal; former: Seal | undefined }): string | undefined {
  const { read, seal, former } = now;
  const more = read.ok ? diffPermissions(locked.permissions, grantsOf(read.plugin.installed.commands)).more : [];
  if (seal.integrity === locked.integrity && more.length === 0) return undefined;
  const version = read.ok && read.plugin.installed.version !== locked.version ? `${locked.version} was added, and ${read.plugin.installed.version} is here` : undefined;
  const asks = more.length === 0 ? undefined : `it asks for more: ${told(more)}`;
  const files = former?.integrity === locked.integrity ? `these files are others: ${changedFiles(former, seal, TOLD).join(', ')}` : `its files are others (${seal.integrity}, and ${locked.integrity} was added)`;
  const parts = [version, asks, seal.integrity === locked.integrity || version !== undefined ? undefined : files, read.ok ? undefined : read.problem];
  return parts.filter((part) => part !== undefined).join('; ');
}

function told(lines: readonly string[]): string {
  return lines.length > TOLD ? `${lines.slice(0, TOLD).join(', ')} and ${String(lines.length - TOLD)} more` : lines.join(', ');
}

async function stampOf(file: string): Promise<string> {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = await stat(file, { bigint: true });
    return [dev, ino, size, mtimeNs, ctimeNs].join(':');
  } catch {
    return 'none';
  }
}
