import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const COMPILER = join(dirname(fileURLToPath(import.meta.resolve('typescript-7/package.json'))), 'bin/tsc');
/** Lists of every file of a program are long. */
const MOST_OUTPUT = 64 * 1024 * 1024;

/**
 * Compiles files with the options that everything in the repository has, and some more.
 *
 * @param {string} root of the repository
 * @param {{ files: readonly string[], options: object, flags?: readonly string[] }} what `flags` are of the compiler's command line
 * @returns {string} what it said: nothing, where all is well and no flag asks for more
 */
export function compile(root, { files, options, flags = [] }) {
  const dir = mkdtempSync(join(tmpdir(), 'kb-compile-'));
  try {
    const project = join(dir, 'tsconfig.json');
    const typeRoots = [join(root, 'node_modules/@types')];
    writeFileSync(project, JSON.stringify({ extends: join(root, 'tooling/tsconfig/base.json'), compilerOptions: { typeRoots, ...options }, files }));
    const { stdout, stderr, error } = spawnSync(process.execPath, [COMPILER, '--project', project, '--pretty', 'false', ...flags], { cwd: root, encoding: 'utf8', maxBuffer: MOST_OUTPUT });
    if (error !== undefined) throw error;
    return stdout + stderr;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
