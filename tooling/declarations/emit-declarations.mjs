import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import ts from 'typescript';
import { workspaceFolders } from '../launch/workspace-folders.mjs';

const KIT = '@kb-labs/sdk';

/**
 * @typedef {object} Published a package that others import types from
 * @property {string} name
 * @property {string} folder relative to the root
 * @property {readonly string[]} subpaths keys of its `exports` that have types, `.` among them
 * @property {readonly string[]} sources the files behind them, absolute
 * @property {boolean} kit whether it is the kit for plugins or made with it
 */

/**
 * Writes `dist/**.d.ts` of every package in two passes of the compiler. The layout
 * of `src` is kept, so relative specifiers stay right; files reached from no
 * public entry get no declaration.
 *
 * @param {string} root
 * @returns {readonly Published[]} what was written
 */
export function emitDeclarations(root) {
  const packages = publishedPackages(root);
  for (const { folder } of packages) removeDeclarations(join(root, folder, 'dist'));
  // What others depend on is written first, by a compiler that has not seen the kit for plugins: the kit passes types on,
  // it can be reached from everywhere here, and an inferred type of the contracts would be named as coming from it.
  for (const kit of [false, true]) emitPackages(root, packages.filter((one) => one.kit === kit));
  return packages;
}

/**
 * @param {string} root
 * @param {readonly Published[]} packages
 */
function emitPackages(root, packages) {
  const sources = packages.flatMap((one) => one.sources);
  if (sources.length === 0) return;
  const options = { ...compilerOptions(root), noEmit: false, declaration: true, emitDeclarationOnly: true, outDir: join(root, 'dist-unused'), rootDir: root };
  const program = ts.createProgram({ rootNames: sources, options });
  const { diagnostics } = program.emit(undefined, (path, text) => {
    const [room, name, ...rest] = relative(join(root, 'dist-unused'), path).split(sep);
    if (!packages.some(({ folder }) => folder === `${room ?? ''}/${name ?? ''}`)) return;
    const target = join(root, room ?? '', name ?? '', 'dist', ...rest.slice(1));
    if (rest[0] !== 'src') throw new Error(`${path}: a declaration from outside src`);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, text);
  });
  if (diagnostics.length > 0) throw new Error(formatDiagnostics(root, diagnostics));
}

/**
 * @param {string} root
 * @param {readonly import('typescript').Diagnostic[]} diagnostics
 */
export function formatDiagnostics(root, diagnostics) {
  return ts.formatDiagnostics(diagnostics, { getCanonicalFileName: (path) => path, getCurrentDirectory: () => root, getNewLine: () => '\n' });
}

/** @param {string} root */
export function compilerOptions(root) {
  const base = join(root, 'tooling/tsconfig/base.json');
  const { config } = ts.readConfigFile(base, (path) => ts.sys.readFile(path));
  return ts.parseJsonConfigFileContent({ ...config, files: [] }, ts.sys, dirname(base)).options;
}

/**
 * @param {string} root
 * @returns {Published[]}
 */
function publishedPackages(root) {
  return workspaceFolders(root, ['packages', 'plugins', 'apps']).flatMap((folder) => {
    const manifest = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
    const typed = Object.entries(manifest.exports ?? {}).filter(([, target]) => typeof target === 'object' && target?.types !== undefined);
    if (typed.length === 0) return [];
    for (const [subpath, target] of typed) {
      const expected = target['@kb-labs/source']?.replace('./src/', './dist/').replace(/\.ts$/, '.d.ts');
      if (target.types !== expected) throw new Error(`${manifest.name}: "types" of export "${subpath}" must be ${String(expected)}, beside its source's place`);
    }
    const kit = manifest.name === KIT || manifest.dependencies?.[KIT] !== undefined;
    return [{ name: manifest.name, folder, kit, subpaths: typed.map(([subpath]) => subpath), sources: typed.map(([, target]) => join(root, folder, target['@kb-labs/source'])) }];
  });
}

/** @param {string} folder */
function removeDeclarations(folder) {
  if (!existsSync(folder)) return;
  for (const entry of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (entry.endsWith('.d.ts')) rmSync(join(folder, entry));
  }
}
