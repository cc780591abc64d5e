import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { NotHere } from './not-here.mjs';

const INSTALL_MS = 300_000;

/**
 * Installs packages with exact versions into a folder of their own among the temporary files, once; nothing of them is part of this
 * repository. Answers the folder. Fails with `NotHere`.
 *
 * @param {string} name
 * @param {readonly string[]} packages each as `name@version`
 */
export function installPeer(name, packages) {
  const folder = join(ownFolder(), name);
  const wanted = packages.join('\n');
  const stamp = join(folder, 'installed');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return folder;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
  const args = ['install', '--prefix', folder, '--no-audit', '--no-fund', '--ignore-scripts', '--save-exact', ...packages];
  const { status, stderr, error } = spawnSync('npm', args, { cwd: folder, encoding: 'utf8', timeout: INSTALL_MS, stdio: ['ignore', 'ignore', 'pipe'] });
  if (status !== 0) throw new NotHere(`npm cannot install ${packages.join(' ')}: ${error?.message ?? lastError(stderr)}`);
  writeFileSync(stamp, wanted);
  return folder;
}

/**
 * A module of an installed peer, whose types nobody here knows.
 *
 * @param {string} folder
 * @param {string} name
 */
export function requirePeer(folder, name) {
  return createRequire(join(folder, 'package.json'))(name);
}

/** Code is run from it, so it has to be ours. */
function ownFolder() {
  const uid = process.getuid?.() ?? 0;
  const folder = join(tmpdir(), `kb-bench-peers-${String(uid)}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const { uid: owner, mode } = statSync(folder);
  if (process.getuid !== undefined && (owner !== uid || (mode & 0o022) !== 0)) throw new NotHere(`${folder} can be written by others`);
  return folder;
}

/** @param {string} said */
function lastError(said) {
  return said.split('\n').findLast((line) => line.startsWith('npm error') && !line.includes('complete log')) ?? 'it does not say why';
}
