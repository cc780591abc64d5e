import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { workspaceFolders } from '../launch/workspace-folders.mjs';
import { LAYERS } from './layers.mjs';

/**
 * @typedef {object} Member a package of the workspace with its row of the table
 * @property {string} name short: `engine` of `@kb-labs/engine`
 * @property {string} folder relative to the root
 * @property {string} row key of the row that applies
 * @property {import('./layers.mjs').Layer | undefined} layer
 * @property {readonly string[]} doors sources that `exports` names, relative to the root
 * @property {readonly string[]} dependencies packages of ours, by short name
 * @property {readonly string[]} devDependencies
 */

const SCOPE = '@kb-labs/';

/**
 * @param {string} root
 * @returns {readonly Member[]}
 */
export function readWorkspace(root) {
  return workspaceFolders(root).map((folder) => {
    const manifest = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
    const name = String(manifest.name).replace(SCOPE, '');
    const row = folder.startsWith('plugins/') ? 'plugins/*' : name;
    /** @type {{ '@kb-labs/source'?: string }[]} */
    const targets = Object.values(manifest.exports ?? {});
    const doors = targets.flatMap(({ '@kb-labs/source': source }) => (source === undefined ? [] : [join(folder, source)]));
    return {
      name,
      folder,
      row,
      layer: LAYERS[row],
      doors,
      dependencies: ours({ ...manifest.dependencies, ...manifest.peerDependencies, ...manifest.optionalDependencies }),
      devDependencies: ours(manifest.devDependencies ?? {}),
    };
  });
}

/**
 * @param {Member} importer
 * @param {Member} imported
 * @param {{ test: boolean }} from
 */
export function mayImport({ layer, name }, imported, { test }) {
  if (layer === undefined || imported.name === name) return true;
  const allowed = test ? [...layer.mayImport, 'testkit', ...(layer.testsMayImport ?? [])] : layer.mayImport;
  if (allowed.includes(imported.name) || allowed.includes(imported.row)) return true;
  return allowed.includes('*') && imported.folder.startsWith('packages/') && (test || imported.name !== 'testkit');
}

/** @param {Record<string, string>} dependencies */
function ours(dependencies) {
  return Object.keys(dependencies).filter((name) => name.startsWith(SCOPE)).map((name) => name.slice(SCOPE.length));
}
