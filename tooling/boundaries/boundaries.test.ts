import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cruiseWorkspace } from './cruise-workspace.mjs';

let root = '';
afterAll(() => rmSync(root, { recursive: true, force: true }));

// Every file of the workspace below, and the rule that each planted violation
// must be reported under. `undefined`: allowed, and must not be reported.
const PLANTED: Readonly<Record<string, readonly [text: string, rule: string | undefined]>> = {
  'packages/contracts/src/index.ts': ["export type Id = string;\nexport type { Inner } from './inner.js';", undefined],
  'packages/contracts/src/inner.ts': ['export interface Inner { readonly id: string }', undefined],
  'packages/contracts/src/uses-clock.ts': ["import { setTimeout } from 'node:timers';\nsetTimeout(() => {}, 1);", 'pure/contracts'],
  'packages/contracts/src/uses-core-type.ts': ["import type { Stats } from 'fs';\nexport type S = Stats;", 'pure/contracts'],
  'packages/contracts/src/one.ts': ["import type { Two } from './two.js';\nexport type One = Two[];", 'no-cycle'],
  // A cycle is reported once, at its first file.
  'packages/contracts/src/two.ts': ["import type { One } from './one.js';\nexport type Two = One[];", undefined],
  'packages/contracts/src/inner.test.ts': ["import { readFileSync } from 'node:fs';\nimport { it } from 'vitest';\nexport default [readFileSync, it];", undefined],
  'packages/contracts/src/source-with-test.ts': ["export { default } from './inner.test.js';", 'no-test-in-source'],
  'packages/contracts/src/source-with-framework.ts': ["export { it } from 'vitest';", 'no-test-framework-in-source'],
  'packages/contracts/src/source-with-tooling.ts': ["export { tool } from '../../../tooling/tool.js';", 'no-tooling-in-source'],
  'packages/contracts/src/missing-file.ts': ["export { gone } from './gone.js';", 'no-unresolved'],
  'packages/contracts/src/undeclared.ts': ["export type { Id } from '@kb-labs/errors';", 'no-unresolved'],

  'packages/digest/src/index.ts': ["import { createHash } from 'node:crypto';\nexport const hash = createHash;", undefined],
  'packages/digest/src/uses-files.ts': ["import { readFileSync } from 'node:fs';\nexport const read = readFileSync;", 'pure/digest'],

  'packages/errors/src/index.ts': ["import type { Id } from '@kb-labs/contracts';\nexport type Of = Id;", undefined],
  'packages/errors/src/back-door.ts': ["import type { Inner } from '@kb-labs/contracts/inner';\nexport type In = Inner;", 'front-door'],
  'packages/errors/src/by-path.ts': ["import type { Id } from '../../contracts/src/index.js';\nexport type Of = Id;", 'by-name'],
  'packages/errors/src/upwards.ts': ["export { start } from '@kb-labs/engine';", 'direction/errors'],
  'packages/errors/src/upwards-type.ts': ["import type { start } from '@kb-labs/engine';\nexport type S = typeof start;", 'direction/errors'],
  'packages/errors/src/lazily.ts': ["export const load = () => import('@kb-labs/engine');", 'direction/errors'],

  'packages/engine/src/index.ts': ["import { Of } from '@kb-labs/errors';\nexport const start = (of: Of) => of;", undefined],
  'packages/engine/src/uses-adapter.ts': ["export { open } from '@kb-labs/store-embedded';", 'direction/engine'],
  'packages/engine/src/uses-testkit.ts': ["export { suite } from '@kb-labs/testkit';", 'direction/engine'],
  'packages/engine/src/uses-testkit.test.ts': ["export { suite } from '@kb-labs/testkit';", undefined],
  'packages/engine/src/reads-yaml.ts': ["export { parse } from 'yaml';", 'vendor/yaml'],
  'packages/engine/src/queues.ts': ["export { Queue } from 'bullmq';", 'vendor/bullmq'],
  'packages/engine/src/connects.ts': ["export { Redis } from 'ioredis';", 'vendor/ioredis'],
  'packages/engine/src/serves.ts': ["export { express } from 'express';", 'vendor/express'],
  'packages/engine/src/opens.ts': ["export { DatabaseSync } from 'node:sqlite';", 'vendor/sqlite'],

  'packages/manifest/src/index.ts': ["export { parse } from 'yaml';", undefined],
  'packages/store-embedded/src/index.ts': ["import { DatabaseSync } from 'node:sqlite';\nexport const open = () => new DatabaseSync('x');", undefined],
  'packages/testkit/src/index.ts': ["import { it } from 'vitest';\nexport const suite = it;", undefined],
  'packages/sdk/src/index.ts': ['export const definePlugin = (plugin: object) => plugin;', undefined],
  'plugins/note/src/index.ts': ["export { definePlugin } from '@kb-labs/sdk';", undefined],
  'plugins/note/src/past-the-sdk.ts': ["export type { Id } from '@kb-labs/contracts';", 'direction/note-plugin'],
  'apps/daemon/src/index.ts': ["export { start } from '@kb-labs/engine';\nexport { open } from '@kb-labs/store-embedded';", undefined],
  'apps/daemon/src/uses-app.ts': ["export { main } from '@kb-labs/cli';", 'direction/daemon'],
  'apps/cli/src/index.ts': ["export { start as main } from '@kb-labs/daemon';", undefined],
};

// Links to packages as an installation makes them; an undeclared one has none.
const LINKS: Readonly<Record<string, readonly string[]>> = {
  'packages/contracts': [],
  'packages/digest': [],
  'packages/errors': ['packages/contracts', 'packages/engine'],
  'packages/engine': ['packages/errors', 'packages/store-embedded', 'packages/testkit'],
  'packages/manifest': [],
  'packages/store-embedded': [],
  'packages/testkit': [],
  'packages/sdk': [],
  'plugins/note': ['packages/sdk', 'packages/contracts'],
  'apps/daemon': ['packages/engine', 'packages/store-embedded', 'apps/cli'],
  'apps/cli': ['apps/daemon'],
  'packages/newcomer': [],
};

const nameOf = (folder: string): string => (folder === 'plugins/note' ? '@kb-labs/note-plugin' : `@kb-labs/${folder.replace(/^.*\//, '')}`);

beforeAll(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'kb-boundaries-')));
  for (const [folder, links] of Object.entries(LINKS)) {
    const exports: Record<string, object> = { '.': { '@kb-labs/source': './src/index.ts' } };
    // A path that `exports` opens to everyone without being a door for sources.
    if (folder === 'packages/contracts') exports['./inner'] = { types: './src/inner.ts' };
    const dependencies = Object.fromEntries(links.map((link) => [nameOf(link), 'workspace:*']));
    write(`${folder}/package.json`, JSON.stringify({ name: nameOf(folder), type: 'module', exports, dependencies }));
    for (const link of links) {
      const path = join(root, folder, 'node_modules', nameOf(link));
      mkdirSync(dirname(path), { recursive: true });
      symlinkSync(join(root, link), path);
    }
  }
  for (const vendor of ['vitest', 'yaml', 'bullmq', 'ioredis', 'express']) {
    write(`node_modules/${vendor}/package.json`, JSON.stringify({ name: vendor, version: '1.0.0', main: 'index.js' }));
    write(`node_modules/${vendor}/index.js`, '');
  }
  write('tooling/tool.ts', 'export const tool = 1;');
  write('packages/newcomer/src/index.ts', 'export const here = 1;');
  for (const [path, [text]] of Object.entries(PLANTED)) write(path, text);
});

describe('boundaries', () => {
  it('report every planted violation under its rule, and nothing that is allowed', async () => {
    const { modules, problems } = await cruiseWorkspace(root);
    const found = problems.flatMap((problem) => {
      const match = /^(\S+): (\S+\.ts)(?: → |$)/.exec(problem);
      return match === null ? [] : [`${match[2] ?? ''}: ${match[1] ?? ''}`];
    });
    const expected = Object.entries(PLANTED).flatMap(([path, [, rule]]) => (rule === undefined ? [] : [`${path}: ${rule}`]));
    expect([...new Set(found)].sort()).toEqual(expected.sort());
    expect(modules).toBe(Object.keys(PLANTED).length + 1);
  });

  it('report a package without a row and a dependency outside its row', async () => {
    const { problems } = await cruiseWorkspace(root);
    expect(problems.filter((problem) => /^(row|dependency)-/.test(problem)).sort()).toEqual([
      'dependency-outside-row: apps/daemon/package.json depends on cli, which is not in its row',
      'dependency-outside-row: packages/engine/package.json depends on store-embedded, which is not in its row',
      'dependency-outside-row: packages/engine/package.json depends on testkit, which is not in its row',
      'dependency-outside-row: packages/errors/package.json depends on engine, which is not in its row',
      'dependency-outside-row: plugins/note/package.json depends on contracts, which is not in its row',
      'row-missing: packages/newcomer has no row in tooling/boundaries/layers.mjs',
    ]);
  });

  it('report sources that were not looked at', async () => {
    // The cruise leaves out such a folder; the count of files does not.
    write('packages/contracts/src/hidden/dist/unseen.ts', 'export const unseen = 1;');
    const { problems } = await cruiseWorkspace(root);
    expect(problems).toContain('cruise-complete: packages/contracts/src/hidden/dist/unseen.ts was not looked at');
  });
});

function write(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}
