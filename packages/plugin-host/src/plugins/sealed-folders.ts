import { type PluginFolder, readPlugin, readPluginFolder, type ReadPlugin } from './read-plugin.js';
import { type Seal, sealPackage } from './seal-package.js';

/**
 * Plugins that no lock speaks of, as their files are at the moment: for whoever has to know that they are still the same. All files are
 * read the first time, from then on those that may have been written to since.
 */
export class SealedFolders {
  readonly #seals = new Map<string, Seal>();
  readonly #read = new Map<string, { readonly integrity: string; readonly plugin: ReadPlugin }>();

  async find({ root, origin }: PluginFolder): Promise<ReadPlugin> {
    const sealed = await sealPackage(root, this.#seals.get(root));
    if (!sealed.ok) return { ok: false, problem: `what it consists of cannot be told: ${sealed.problem}` };
    this.#seals.set(root, sealed.seal);
    const { integrity, changedAtMs } = sealed.seal;
    const known = this.#read.get(root);
    const read = known?.integrity === integrity ? known.plugin : await readPlugin(await readPluginFolder(root, origin));
    this.#read.set(root, { integrity, plugin: read });
    return read.ok ? { ok: true, plugin: { ...read.plugin, integrity, changedAtMs } } : read;
  }
}
