import fc from 'fast-check';
import { expect, it } from 'vitest';

import { dependenciesOf, orderPackages } from './order-packages.js';
import type { Package } from './read-package.js';

function named(name: string, dependsOn: readonly string[]): Package {
  return { folder: `packages/${name}`, name, scripts: new Set(['build']), dependsOn: new Set(dependsOn), hasDependencies: dependsOn.length > 0, workspaces: [] };
}

it('finds what comes first through packages that are not built themselves', () => {
  const all = [named('web', ['ui', 'react']), named('ui', ['tokens']), named('tokens', ['core']), named('core', [])];
  const ordered = orderPackages(all.filter(({ name }) => name !== 'tokens'), all);
  expect(ordered.map(({ package: { name }, after }) => [name, [...after].sort()])).toEqual([
    ['web', ['packages/core', 'packages/ui']],
    ['ui', ['packages/core']],
    ['core', []],
  ]);
});

it('lets packages without a circle always be built one after the other, whatever depends on what', () => {
  // Each depends only on some of those before it.
  const graph = fc.array(fc.array(fc.nat(), { maxLength: 4 }), { minLength: 1, maxLength: 20 }).map((rows) =>
    rows.map((picks, at) => named(`p${String(at)}`, at === 0 ? [] : picks.map((pick) => `p${String(pick % at)}`))),
  );
  fc.assert(
    fc.property(graph, (packages) => {
      const done = new Set<string>();
      for (const { package: one, after } of orderPackages(packages, packages)) {
        expect([...after].every((folder) => done.has(folder))).toBe(true);
        expect(after).toEqual(new Set(dependenciesOf([one], packages).map(({ folder }) => folder)));
        done.add(one.folder);
      }
    }),
  );
});

it('has each of a circle wait for the other, and none for itself', () => {
  const all = [named('a', ['b', 'a']), named('b', ['a'])];
  expect(orderPackages(all, all).map(({ after }) => [...after])).toEqual([['packages/b'], ['packages/a']]);
});
