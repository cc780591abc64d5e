import type { Package } from './read-package.js';

/** A package to build, and which of the others come first: by their folders. */
export interface Ordered {
  readonly package: Package;
  readonly after: ReadonlySet<string>;
}

/**
 * The packages chosen, each with those among them that it depends on, also through packages that are not among them.
 * Packages that depend on each other in a circle each have the other one: whoever builds them has to begin somewhere.
 */
export function orderPackages(chosen: readonly Package[], all: readonly Package[]): Ordered[] {
  const among = new Set(chosen.map(({ folder }) => folder));
  return chosen.map((one) => {
    const after = new Set(dependenciesOf([one], all).map(({ folder }) => folder).filter((folder) => among.has(folder)));
    after.delete(one.folder);
    return { package: one, after };
  });
}

/** The packages of the workspace that these depend on, directly or not. One of them can be among the given ones. */
export function dependenciesOf(packages: readonly Package[], all: readonly Package[]): Package[] {
  const byName = new Map(all.map((one) => [one.name, one]));
  const found = new Set<Package>();
  const open = [...packages];
  for (let one = open.pop(); one !== undefined; one = open.pop()) {
    for (const name of one.dependsOn) {
      const dependency = byName.get(name);
      if (dependency === undefined || found.has(dependency)) continue;
      found.add(dependency);
      open.push(dependency);
    }
  }
  return [...found];
}
