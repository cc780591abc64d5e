// Usage: node tooling/release/release.mjs [--no-git-tag]
import { spawnSync } from 'node:child_process';
import { globSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'kb-release-'));

/** @param {readonly string[]} command */
function run(command) {
  const { status, error } = spawnSync(process.execPath, command, { cwd: root, stdio: 'inherit' });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${command.join(' ')} ended with ${String(status)}`);
}

// What is published are the very tarballs that were checked. Of a version that the registry has already, none is made.
try {
  const changeset = join(root, 'node_modules/@changesets/cli/bin.js');
  run([changeset, 'pack', '--out-dir', folder]);
  if (globSync('packages/*.tgz', { cwd: folder }).length > 0) run([join(root, 'tooling/release/check-packages.mjs'), join(folder, 'packages')]);
  run([changeset, 'publish', '--from-pack-dir', folder, ...process.argv.slice(2)]);
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
