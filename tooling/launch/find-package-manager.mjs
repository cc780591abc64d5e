import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CommandFailed, runCommand } from './run-command.mjs';

/** @typedef {{ program: string, folder?: string }} PackageManager `folder` goes in front of PATH when it is not there already */

/**
 * A pnpm of the pinned major from PATH, or the pinned version fetched with npm
 * into the setup's own folder: nothing is installed for the whole machine.
 *
 * @param {import('./ensure-built.mjs').Setup} setup
 * @returns {Promise<PackageManager>}
 */
export async function findPackageManager({ root, home, log, progress }) {
  const pinned = pinnedVersion(root);
  const folder = join(home, 'node_modules/.bin');
  const own = { program: join(folder, 'pnpm'), folder };
  if (versionOf(own.program) === pinned) return own;
  if (versionOf('pnpm')?.split('.')[0] === pinned.split('.')[0]) return { program: 'pnpm' };

  await progress.step(`fetching pnpm ${pinned}`, async () => {
    const flags = ['--no-save', '--no-package-lock', '--no-audit', '--no-fund', '--global=false', '--ignore-scripts', '--loglevel=error'];
    await runCommand(['npm', 'install', '--prefix', home, ...flags, `pnpm@${pinned}`], { cwd: home, log });
    // Its script puts the native binary in place. npm 11 may leave out such
    // scripts with no more than a warning, so it is run here for every npm.
    const script = join(home, 'node_modules/pnpm/install.js');
    if (existsSync(script)) await runCommand([process.execPath, script], { cwd: join(home, 'node_modules/pnpm'), log });
  });
  const got = versionOf(own.program);
  if (got !== pinned) throw new CommandFailed(`pnpm ${pinned} was fetched but does not run (it answered ${String(got)})`);
  return own;
}

/** @param {string} root */
function pinnedVersion(root) {
  const field = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).packageManager;
  const version = /^pnpm@(\d+\.\d+\.\d+)/.exec(String(field))?.[1];
  if (version === undefined) throw new CommandFailed(`packageManager in package.json must be pnpm@X.Y.Z and is ${String(field)}`);
  return version;
}

/**
 * Asked outside the workspace, where no `packageManager` field can make it
 * answer for another version, and without letting a shim download one.
 *
 * @param {string} program
 */
function versionOf(program) {
  const env = { ...process.env, COREPACK_ENABLE_NETWORK: '0', COREPACK_ENABLE_DOWNLOAD_PROMPT: '0' };
  const { status, stdout } = spawnSync(program, ['--version'], { cwd: tmpdir(), env, encoding: 'utf8', timeout: 10_000, stdio: ['ignore', 'pipe', 'ignore'] });
  return status === 0 ? stdout.trim() : undefined;
}
