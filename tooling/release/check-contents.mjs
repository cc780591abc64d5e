import { existsSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join } from 'node:path';
import ts from 'typescript';

const BUILT_IN = new Set(builtinModules);

/**
 * What is wrong with the files of a packed package: imports that an installation could not answer, maps to nowhere, and
 * places of the machine it was built on.
 *
 * @param {import('./check-tarballs.mjs').Packed} packed
 * @param {readonly string[]} places
 * @returns {string[]}
 */
export function checkContents({ folder, manifest, files }, places) {
  const offered = new Set([manifest['name'], ...['dependencies', 'peerDependencies', 'optionalDependencies'].flatMap((kind) => Object.keys(manifest[kind] ?? {}))]);
  return files.flatMap((file) => {
    const bytes = readFileSync(join(folder, file));
    const inside = places.filter((place) => bytes.includes(place)).map((place) => `holds ${place}, a place of this machine`);
    const text = () => bytes.toString('utf8');
    const wrong = /\.map$/.test(file) ? lostSources(join(folder, file), text()) : /\.([cm]?js|d\.[cm]?ts)$/.test(file) ? [...unknownImports(file, text(), offered), ...lostMap(join(folder, file), text())] : [];
    return [...inside, ...wrong].map((problem) => `${file}: ${problem}`);
  });
}

/**
 * Packages that are imported and not asked for. A declaration counts as well: without it, its users have no types.
 *
 * @param {string} file
 * @param {string} text
 * @param {ReadonlySet<string>} offered
 */
function unknownImports(file, text, offered) {
  // Programs bring along what they are made of, and that tries this and that where it runs.
  if (/\.cjs$/.test(file)) return [];
  const { importedFiles } = ts.preProcessFile(text, true, false);
  const names = new Set(importedFiles.map(({ fileName }) => fileName).filter((name) => !/^(\.|node:|#)/.test(name)).map(packageOf));
  return [...names].filter((name) => !offered.has(name) && !BUILT_IN.has(name)).map((name) => `imports ${name}, which the package does not depend on`);
}

/** @param {string} specifier */
function packageOf(specifier) {
  return specifier.split('/').slice(0, specifier.startsWith('@') ? 2 : 1).join('/');
}

/**
 * @param {string} path
 * @param {string} text
 */
function lostMap(path, text) {
  const named = [...text.matchAll(/^\/\/# sourceMappingURL=(?!data:)(\S+)$/gm)].map(([, name = '']) => name);
  return named.filter((name) => !existsSync(join(dirname(path), name))).map((name) => `its map ${name} is not packed`);
}

/**
 * @param {string} path
 * @param {string} text
 */
function lostSources(path, text) {
  const { sources, sourcesContent = [] } = JSON.parse(text);
  return sources
    .filter((/** @type {string} */ source, /** @type {number} */ index) => typeof sourcesContent[index] !== 'string' && !existsSync(join(dirname(path), source)))
    .map((/** @type {string} */ source) => `maps to ${source}, which is not packed`);
}
