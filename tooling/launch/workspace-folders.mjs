import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Folders of all packages, relative to the root, in a fixed order.
 *
 * @param {string} root
 * @param {readonly string[]} [parents]
 */
export function workspaceFolders(root, parents = ['packages', 'plugins', 'apps', 'tooling']) {
  return parents.flatMap((parent) =>
    existsSync(join(root, parent))
      ? readdirSync(join(root, parent)).sort().map((name) => `${parent}/${name}`).filter((folder) => existsSync(join(root, folder, 'package.json')))
      : [],
  );
}
