import { realpath } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';

import { type Origin, type PluginFolder, readPluginFolder } from './read-plugin.js';

/** A package as it is installed for a project: in the `node_modules` of its folder, or of the nearest folder above that has it. */
export async function findPackage(projectRoot: string, name: string, origin: Origin): Promise<PluginFolder | undefined> {
  for (let folder = resolve(projectRoot); ; folder = dirname(folder)) {
    const root = await realpath(join(folder, 'node_modules', name)).catch(() => undefined);
    const found = root === undefined ? undefined : await readPluginFolder(root, origin);
    if (found?.name !== undefined) return found;
    if (folder === dirname(folder)) return undefined;
  }
}
