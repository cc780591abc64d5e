import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig } from 'tsup';

/**
 * @typedef {object} Manifest the parts of package.json that a build reads
 * @property {string} name
 * @property {Record<string, { '@kb-labs/source'?: string, default?: string }>} [exports]
 * @property {Record<string, string>} [dependencies]
 * @property {Record<string, string>} [peerDependencies]
 * @property {Record<string, string>} [optionalDependencies]
 */

/** The shared build of every library and plugin: one ESM file per public entry. */
export default defineConfig(() => {
  /** @type {Manifest} */
  const manifest = JSON.parse(readFileSync(join(process.cwd(), 'package.json'), 'utf8'));
  return {
    entry: entriesOf(manifest),
    format: 'esm',
    target: 'node22',
    platform: 'node',
    outDir: 'dist',
    // The compiler writes the declarations of all packages instead
    // (tooling/declarations): tsup would spend about ten seconds on each package.
    dts: false,
    sourcemap: true,
    clean: true,
    splitting: true,
    silent: true,
    // Without this `node:sqlite` becomes `sqlite`, which does not exist.
    removeNodeProtocol: false,
    external: Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies, ...manifest.optionalDependencies }),
  };
});

/**
 * Every export that names a source is an entry: `./dist/git/diff.js` is built
 * from `./src/git/diff.ts`, so package.json is the only list of public files.
 *
 * @param {Manifest} manifest
 */
function entriesOf(manifest) {
  /** @type {Record<string, string>} */
  const entries = {};
  for (const [name, target] of Object.entries(manifest.exports ?? {})) {
    const source = target['@kb-labs/source'];
    if (source === undefined) continue;
    const output = /^\.\/dist\/(.+)\.js$/.exec(target.default ?? '')?.[1];
    if (output === undefined) {
      throw new Error(`${manifest.name}: export "${name}" has a source and needs a "default" of the form ./dist/NAME.js`);
    }
    entries[output] = source;
  }
  if (Object.keys(entries).length === 0) throw new Error(`${manifest.name}: no export carries the @kb-labs/source condition`);
  return entries;
}
