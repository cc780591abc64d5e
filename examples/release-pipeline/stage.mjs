/**
 * Puts a package into a folder with everything it needs to run, from what is installed: `node stage.mjs <package> <folder>`.
 * Links of a workspace become copies of what a package publishes, so that the folder can be moved anywhere.
 */
import { cpSync, existsSync, mkdirSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { basename, dirname, join, sep } from 'node:path';

const [from, to = ''] = process.argv.slice(2);
if (from === undefined || to === '') throw new Error('usage: node stage.mjs <package> <folder>');
rmSync(to, { recursive: true, force: true });

/** The installed folder of each package that stands at the top of node_modules, by name. */
const top = new Map();
const copied = place(realpathSync(from), to);
console.log(`${copied.toString()} packages in ${to}`);

/**
 * Copies a package, and what it depends on to where Node will look for it from there. Returns how many packages that were.
 *
 * @param {string} source
 * @param {string} target
 * @returns {number}
 */
function place(source, target) {
  const manifest = JSON.parse(readFileSync(join(source, 'package.json'), 'utf8'));
  copyPublished(source, target, manifest.files);
  let count = 1;
  for (const name of Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies })) {
    const found = findInstalled(name, source);
    if (found === undefined) {
      if (manifest.optionalDependencies?.[name] !== undefined) continue;
      throw new Error(`${manifest.name} needs ${name}, which is not installed`);
    }
    if (top.get(name) === found) continue;
    // Another version has the place at the top: this one goes below the package that needs it.
    const own = top.has(name);
    if (!own) top.set(name, found);
    count += place(found, join(own ? target : to, 'node_modules', name));
  }
  return count;
}

/**
 * Of a package of this workspace what it publishes, which has to be there; else all that is installed of it.
 *
 * @param {string} source
 * @param {string} target
 * @param {string[] | undefined} files
 */
function copyPublished(source, target, files) {
  mkdirSync(target, { recursive: true });
  const withoutModules = (/** @type {string} */ path) => path === source || basename(path) !== 'node_modules';
  const published = files === undefined || source.includes(`${sep}node_modules${sep}`) ? ['.'] : ['package.json', ...files];
  for (const path of published) {
    if (!existsSync(join(source, path))) throw new Error(`${join(source, path)} is not there: build it first`);
    cpSync(join(source, path), join(target, path), { recursive: true, filter: withoutModules });
  }
}

/**
 * As Node does: `node_modules` of the folder and of those above it.
 *
 * @param {string} name
 * @param {string} folder
 */
function findInstalled(name, folder) {
  for (let at = folder; ; at = dirname(at)) {
    const candidate = join(at, 'node_modules', name);
    if (existsSync(candidate)) return realpathSync(candidate);
    if (at === dirname(at)) return undefined;
  }
}
