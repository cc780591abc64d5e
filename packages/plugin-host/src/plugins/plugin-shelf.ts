import { dirname, join, resolve } from 'node:path';

import type { Logger } from '@kb-labs/ports';

import { type LoadedPlugin, type Origin, type PluginFolder, readPlugin, readPluginFolder, type ReadPlugin } from './read-plugin.js';

export interface ShelfOptions {
  readonly firstParty: readonly string[];
  readonly project: { readonly root: string; readonly plugins: readonly string[] };
  readonly logger: Logger;
}

/**
 * The plugins that may run here. Nothing is read before it is asked for, and then once: a changed plugin is seen by the
 * next process. A plugin of the project takes the place of a first-party one of the same name.
 */
export class PluginShelf {
  readonly #options: ShelfOptions;
  readonly #read = new Map<PluginFolder, Promise<ReadPlugin>>();
  #folders: Promise<readonly PluginFolder[]> | undefined;

  constructor(options: ShelfOptions) {
    this.#options = options;
  }

  /** The plugin of this name; `undefined` when there is none. */
  async find(name: string): Promise<ReadPlugin | undefined> {
    const named = (await this.#all()).filter((folder) => folder.name === name);
    const own = named.filter((folder) => folder.origin === 'project');
    if (own.length > 1) return { ok: false, problem: `two folders of the project call themselves so: ${own.map((folder) => folder.root).join(', ')}` };
    const folder = own[0] ?? named[0];
    return folder === undefined ? undefined : this.#load(folder);
  }

  async names(): Promise<readonly string[]> {
    return [...new Set((await this.#all()).flatMap((folder) => folder.name ?? []))].sort();
  }

  /** Every plugin that can be used, by name; what cannot is told to the operator. */
  async usable(): Promise<readonly LoadedPlugin[]> {
    const found: LoadedPlugin[] = [];
    for (const name of await this.names()) {
      const read = await this.find(name);
      if (read?.ok === true) found.push(read.plugin);
      else this.#options.logger.warn('a plugin cannot be used', { plugin: name, problem: read?.problem ?? '' });
    }
    return found;
  }

  /** Folders that were named as plugins and are none, each with its problem. */
  async unreadable(): Promise<readonly string[]> {
    return (await this.#all()).filter((folder) => folder.name === undefined).map((folder) => `${folder.root}: ${folder.problem ?? ''}`);
  }

  /** A package that is installed for the project without being one of its plugins. */
  async findInstalled(name: string): Promise<PluginFolder | undefined> {
    for (let folder = resolve(this.#options.project.root); ; folder = dirname(folder)) {
      const found = await readPluginFolder(join(folder, 'node_modules', name), 'project');
      if (found.name !== undefined) return found;
      if (folder === dirname(folder)) return undefined;
    }
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
