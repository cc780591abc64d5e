import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { Script } from 'node:vm';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { publint } from 'publint';
import { formatMessage, getPkgPathValue } from 'publint/utils';
import { checkContents } from './check-contents.mjs';
import { checkManifest } from './check-manifest.mjs';

/**
 * @typedef {object} Packed
 * @property {string} folder where it was unpacked
 * @property {Record<string, any>} manifest
 * @property {readonly string[]} files relative to the folder
 */

/**
 * What is wrong with packed packages: by publint, by "are the types wrong" for modules, and by our own rules.
 *
 * @param {readonly string[]} tarballs
 * @param {{ places: readonly string[] }} options `places`: paths of this machine, which nothing that is published may hold
 * @returns {Promise<string[]>} one line for each problem
 */
export async function checkTarballs(tarballs, { places }) {
  const room = mkdtempSync(join(tmpdir(), 'kb-unpacked-'));
  try {
    const all = tarballs.map((tarball, index) => ({ tarball, packed: unpack(tarball, join(room, String(index))) }));
    const versions = new Map(all.map(({ packed }) => [String(packed.manifest['name']), String(packed.manifest['version'])]));
    const problems = [];
    for (const { tarball, packed } of all) {
      const found = [...checkManifest(packed, versions), ...checkContents(packed, places), ...(await lint(packed)), ...(await checkTypes(tarball, packed))];
      problems.push(...found.map((problem) => `${String(packed.manifest['name'] ?? basename(tarball))}: ${problem}`));
    }
    return problems;
  } finally {
    rmSync(room, { recursive: true, force: true });
  }
}

/**
 * @param {string} tarball
 * @param {string} target
 * @returns {Packed}
 */
function unpack(tarball, target) {
  mkdirSync(target);
  execFileSync('tar', ['-xzf', tarball, '-C', target]);
  const folder = join(target, 'package');
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
  return { folder, manifest: JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')), files };
}

/**
 * @param {Packed} packed
 * @returns {Promise<string[]>}
 */
async function lint({ folder }) {
  const { messages, pkg } = await publint({ pkgDir: folder, pack: false, level: 'suggestion' });
  const kept = messages.filter((message) => {
    if (message.code !== 'FILE_INVALID_EXPLICIT_FORMAT' || message.args.actualFormat !== 'ESM') return true;
    return !isCommonJs(join(folder, message.args.actualFilePath ?? String(getPkgPathValue(pkg, message.path))));
  });
  return kept.map((message) => `publint: ${formatMessage(message, pkg, { color: false }) ?? message.code}`);
}

/**
 * Whether Node can read a file as CommonJS. Publint guesses by how lines begin, and a program may hold the text of a module.
 *
 * @param {string} path
 */
function isCommonJs(path) {
  try {
    new Script(`(function (exports, require, module) {${readFileSync(path, 'utf8').replace(/^#!.*/, '')}\n})`);
    return true;
  } catch {
    return false;
  }
}

/** Ways to import that these packages do not offer: they are modules, for Node versions that can also `require` them. */
const OTHER_WAYS = new Set(['node10', 'node16-cjs']);

/**
 * @param {string} tarball
 * @param {Packed} packed
 * @returns {Promise<string[]>}
 */
async function checkTypes(tarball, { manifest }) {
  // A package without exports is a program.
  if (manifest['exports'] === undefined) return [];
  const analysis = await checkPackage(createPackageFromTarballData(new Uint8Array(readFileSync(tarball))));
  if (analysis.types === false) return ['types: there are none'];
  return analysis.problems.flatMap((problem) => {
    const way = 'resolutionKind' in problem ? problem.resolutionKind : undefined;
    if (way !== undefined && OTHER_WAYS.has(way)) return [];
    return [`types: ${problem.kind} ${JSON.stringify({ ...problem, kind: undefined })}`];
  });
}
