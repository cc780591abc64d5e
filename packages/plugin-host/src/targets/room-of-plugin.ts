import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';

import type { LoadedPlugin } from '../plugins/read-plugin.js';

/** A package does not depend on more than this. */
const PACKAGES = 5_000;

const known = new WeakMap<LoadedPlugin, readonly string[]>();

/**
 * What a plugin has to be able to read to run: its own package, the `node_modules` it is looked for in, and packages that lie
 * elsewhere and are only linked from there, with what these need in turn.
 */
export function readableOf(plugin: LoadedPlugin): readonly string[] {
  const found = known.get(plugin) ?? find(plugin.root);
  known.set(plugin, found);
  return found;
}

function find(root: string): readonly string[] {
  const places = new Set<string>();
  const waiting = [realpathSync(root)];
  // It may be reached through a link, by which its handlers are named.
  places.add(root);
  const seen = new Set(waiting);
  for (let folder = waiting.pop(); folder !== undefined && seen.size < PACKAGES; folder = waiting.pop()) {
    places.add(folder);
    const shelves = shelvesAbove(folder);
    for (const shelf of shelves) places.add(shelf);
    for (const name of dependenciesOf(folder)) {
      const real = tryRealPath(shelves.map((shelf) => join(shelf, name)).find((path) => existsSync(path)));
      if (real === undefined || seen.has(real)) continue;
      seen.add(real);
      waiting.push(real);
    }
  }
  const all = [...places];
  return all.filter((place) => !all.some((other) => other !== place && place.startsWith(other + sep))).sort();
}

function shelvesAbove(folder: string): readonly string[] {
  const shelves: string[] = [];
  for (let above = folder; ; above = dirname(above)) {
    const shelf = join(above, 'node_modules');
    if (!above.endsWith(`${sep}node_modules`) && existsSync(shelf)) shelves.push(shelf);
    if (above === dirname(above)) return shelves;
  }
}

function dependenciesOf(folder: string): readonly string[] {
  try {
    const described = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Record<string, unknown>;
    return ['dependencies', 'peerDependencies', 'optionalDependencies'].flatMap((kind) => namesOf(described[kind]));
  } catch {
    // Without a description that can be read, it depends on nothing that can be found.
    return [];
  }
}

function namesOf(value: unknown): readonly string[] {
  return typeof value === 'object' && value !== null ? Object.keys(value).filter((name) => !name.split('/').includes('..')) : [];
}

function tryRealPath(path: string | undefined): string | undefined {
  try {
    return path === undefined ? undefined : realpathSync(path);
  } catch {
    return undefined;
  }
}
