import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { workspaceFolders } from '../launch/workspace-folders.mjs';

/**
 * Packs every package that is published, as `pnpm publish` would.
 *
 * @param {string} root of the workspace
 * @param {string} target a folder, made when it is not there
 * @returns {string[]} the tarballs
 */
export function packPackages(root, target) {
  mkdirSync(target, { recursive: true });
  const names = publishedFolders(root).map((folder) => `--filter=./${folder}`);
  execFileSync('pnpm', ['--recursive', ...names, 'pack', '--pack-destination', target], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
  const tarballs = readdirSync(target).filter((name) => name.endsWith('.tgz')).sort().map((name) => join(target, name));
  if (tarballs.length !== names.length) throw new Error(`${String(names.length)} packages made ${String(tarballs.length)} tarballs`);
  return tarballs;
}

/** @param {string} root */
export function publishedFolders(root) {
  return workspaceFolders(root).filter((folder) => JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')).private !== true);
}
