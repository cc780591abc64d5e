import { resolve } from 'node:path';

import type { InstalledPlugin, Logger } from '@kb-labs/ports';

import { AddedPlugins } from './added-plugins.js';
import { findPackage } from './find-package.js';
import { type Origin, type PluginFolder, readPlugin, readPluginFolder, type ReadPlugin } from './read-plugin.js';
import { SealedFolders } from './sealed-folders.js';

export interface ShelfOptions {
  readonly firstParty: readonly string[];
  readonly project: { readonly root: string; readonly plugins: readonly string[] };
  readonly logger: Logger;
}

/**
 * The plugins that may run here. Nothing is read before it is asked for; a plugin of the project's own or of ours once, so that a
 * changed one is seen by the next process, one that was added each time. A plugin of the project takes the place of any other of the
 * same name; one that was added never that of a first-party one.
 */
export class PluginShelf {
  readonly #options: ShelfOptions;
  readonly #read = new Map<PluginFolder, Promise<ReadPlugin>>();
  readonly #added: AddedPlugins;
  readonly #sealed = new SealedFolders();
  #folders: Promise<readonly PluginFolder[]> | undefined;

  constructor(options: ShelfOptions) {
    this.#options = options;
    this.#added = new AddedPlugins(options.project.root);
  }

  /** The plugin of this name; `undefined` when there is none. With `sealed` as it is now, with its integrity, whatever was read before. */
  async find(name: string, { sealed = false }: { readonly sealed?: boolean } = {}): Promise<ReadPlugin | undefined> {
    const named = (await this.#all()).filter((folder) => folder.name === name);
    const own = named.filter((folder) => folder.origin === 'project');
    if (own.length > 1) return { ok: false, problem: `two folders of the project call themselves so: ${own.map((folder) => folder.root).join(', ')}` };
    const folder = own[0] ?? named[0];
    if (folder === undefined) return this.#added.find(name);
    return sealed ? this.#sealed.find(folder) : this.#load(folder);
  }

  async names(): Promise<readonly string[]> {
    return [...new Set([...(await this.#ownNames()), ...(await this.#addedNames())])].sort();
  }

  /** Every plugin, by name: those of a folder that can be used, and all that were added. What cannot be used is told to the operator. */
  async installed(options: { readonly verify?: boolean } = {}): Promise<readonly InstalledPlugin[]> {
    const found: InstalledPlugin[] = [];
    const own = new Set(await this.#ownNames());
    for (const name of own) {
      const read = await this.find(name);
      if (read?.ok === true) found.push(read.plugin.installed);
      else this.#options.logger.warn('a plugin cannot be used', { plugin: name, problem: read?.problem ?? '' });
    }
    try {
      for (const plugin of await this.#added.list(options)) if (!own.has(plugin.id)) found.push(plugin);
    } catch (error) {
      this.#options.logger.warn('the plugins that were added cannot be used', { problem: error instanceof Error ? error.message : String(error) });
    }
    return found.sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  /** Folders that were named as plugins and are none, each with its problem. */
  async unreadable(): Promise<readonly string[]> {
    return (await this.#all()).filter((folder) => folder.name === undefined).map((folder) => `${folder.root}: ${folder.problem ?? ''}`);
  }

  /** A package that is installed for the project without being one of its plugins. */
  findInstalled(name: string): Promise<PluginFolder | undefined> {
    return findPackage(this.#options.project.root, name, 'project');
  }

  async #ownNames(): Promise<readonly string[]> {
    return [...new Set((await this.#all()).flatMap((folder) => folder.name ?? []))];
  }

  async #addedNames(): Promise<readonly string[]> {
    // Whoever asks for a plugin of a lock that cannot be read is told so by `find`.
    return [...(await this.#added.locked().catch(() => new Map<string, never>())).keys()];
  }

  #all(): Promise<readonly PluginFolder[]> {
    const { firstParty, project } = this.#options;
    const read = (root: string, origin: Origin): Promise<PluginFolder> => readPluginFolder(resolve(project.root, root), origin);
    this.#folders ??= Promise.all([...firstParty.map((root) => read(root, 'first-party')), ...project.plugins.map((root) => read(root, 'project'))]);
    return this.#folders;
  }

  #load(folder: PluginFolder): Promise<ReadPlugin> {
    const reading = this.#read.get(folder) ?? readPlugin(folder);
    this.#read.set(folder, reading);
    return reading;
  }
}
