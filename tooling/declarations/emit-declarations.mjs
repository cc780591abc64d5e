import { cpSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { workspaceFolders } from '../launch/workspace-folders.mjs';
import { compile } from './compile.mjs';

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
  for (const kit of [false, true]) emitPackages(root, packages.filter((one) => one.kit === kit), packages);
  return packages;
}

/**
 * @param {string} root
 * @param {readonly Published[]} packages
 * @param {readonly Published[]} all that they may import
 */
function emitPackages(root, packages, all) {
  const files = packages.flatMap(({ sources }) => sources);
  if (files.length === 0) return;
  // Through node_modules they would be taken for packages of others, which get no declarations.
  const paths = Object.fromEntries(all.flatMap(({ name, subpaths, sources }) => subpaths.map((subpath, index) => [join(name, subpath), [sources[index]]])));
  const written = mkdtempSync(join(tmpdir(), 'kb-declarations-of-'));
  try {
    const said = compile(root, { files, options: { noEmit: false, declaration: true, emitDeclarationOnly: true, outDir: written, rootDir: root, paths } });
    if (said !== '') throw new Error(said);
    // Sources of packages that are not among them are compiled along.
    for (const { folder } of packages) placeDeclarations(join(written, folder), join(root, folder));
  } finally {
    rmSync(written, { recursive: true, force: true });
  }
}

/**
 * Puts them beside what is built of each source.
 *
 * @param {string} from a folder with `src` in it
 * @param {string} to
 */
function placeDeclarations(from, to) {
  const outside = readdirSync(from).filter((name) => name !== 'src');
  if (outside.length > 0) throw new Error(`${join(to, outside[0] ?? '')}: a declaration from outside src`);
  cpSync(join(from, 'src'), join(to, 'dist'), { recursive: true });
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
