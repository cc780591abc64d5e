import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { CommandFailed, runCommand } from './run-command.mjs';
import { workspaceFolders } from './workspace-folders.mjs';

/**
 * Installs what the lockfile says, unless exactly that was installed before.
 *
 * @param {import('./ensure-built.mjs').Setup} setup
 * @param {import('./find-package-manager.mjs').PackageManager} packageManager
 * @returns {Promise<string>} the pinned Node's binary
 */
export async function installDependencies({ root, home, log, progress }, packageManager) {
  const node = join(root, 'node_modules/node/bin/node');
  const pinned = `v${String(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).devDependencies.node)}`;
  const record = join(home, 'installed');
  const key = keyOf(root);
  if (existsSync(record) && readFileSync(record, 'utf8') === key && versionOf(node) === pinned) return node;

  const env = { ...process.env, PATH: [packageManager.folder, process.env['PATH']].filter(Boolean).join(delimiter) };
  await progress.step(`installing dependencies and Node ${pinned.slice(1)}`, async () => {
    // The Node that runs this may be older than what packages ask for; what they
    // get is the pinned one.
    const flags = ['--frozen-lockfile', '--prefer-offline', '--reporter=append-only', `--config.node-version=${pinned.slice(1)}`];
    await runCommand([packageManager.program, 'install', ...flags], { cwd: root, log, env });
    if (versionOf(node) !== pinned) await runCommand([packageManager.program, 'rebuild', 'node'], { cwd: root, log, env });
  });
  if (versionOf(node) !== pinned) {
    throw new CommandFailed(
      `Node ${pinned.slice(1)} was installed but does not run`,
      'The package `node` places its binary in an install script that calls npm: check that npm works and that scripts are not switched off, then run the same command again.',
    );
  }
  writeFileSync(record, key);
  return node;
}

/** @param {string} root */
function keyOf(root) {
  const hash = createHash('sha256');
  const manifests = workspaceFolders(root).map((folder) => join(folder, 'package.json'));
  for (const file of ['package.json', 'pnpm-workspace.yaml', 'pnpm-lock.yaml', ...manifests]) {
    hash.update(`${file}\0`).update(readFileSync(join(root, file))).update('\0');
  }
  return hash.digest('hex');
}

/** @param {string} node */
function versionOf(node) {
  const { status, stdout } = spawnSync(node, ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  return status === 0 ? stdout.trim() : undefined;
}
