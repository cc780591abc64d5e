// Usage: node tooling/release/check-packages.mjs [FOLDER OF TARBALLS]
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkTarballs } from './check-tarballs.mjs';
import { packPackages } from './pack-packages.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
const [given] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), 'kb-packed-'));
try {
  const tarballs = given === undefined ? packPackages(root, folder) : readdirSync(given).filter((name) => name.endsWith('.tgz')).map((name) => resolve(given, name));
  // Where the packages were built, and what else of this machine a build could have written down.
  const problems = tarballs.length === 0 ? ['there is nothing to check'] : await checkTarballs(tarballs, { places: [root, `${homedir()}/.`, join(tmpdir(), 'kb-')] });
  for (const problem of problems) console.error(problem);
  if (problems.length === 0) console.log(`${String(tarballs.length)} packages can be published`);
  process.exitCode = problems.length === 0 ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
