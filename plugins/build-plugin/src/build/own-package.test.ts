import { cpSync, mkdirSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { afterEach, expect, it } from 'vitest';

import { runCommand } from '../plugin.js';
import { hasProgram, makeProject, type ProjectFixture } from '../project.fixture.js';
import build from './run.js';

const repository = fileURLToPath(new URL('../../../../', import.meta.url));

let project: ProjectFixture;
afterEach(() => {
  project.dispose();
});

it('builds packages of this repository as their own build does', async ({ skip }) => {
  if (!hasProgram('pnpm')) skip('pnpm is not on the PATH');
  project = makeProject({ 'package.json': { name: 'copy', private: true, type: 'module' }, 'pnpm-workspace.yaml': 'packages: ["packages/*"]\n' });
  const copied = ['tooling/tsup/library.mjs', 'tooling/tsconfig', ...['contracts', 'digest'].flatMap((name) => ['src', 'package.json', 'tsconfig.json'].map((file) => `packages/${name}/${file}`))];
  for (const path of copied) {
    mkdirSync(dirname(join(project.root, path)), { recursive: true });
    cpSync(join(repository, path), join(project.root, path), { recursive: true });
  }
  // What is installed is shared, by links that lead out of the workspace.
  for (const folder of ['.', 'packages/contracts', 'packages/digest']) symlinkSync(join(repository, folder, 'node_modules'), join(project.root, folder, 'node_modules'));
  const ctx = project.ctx();
  const result = await build(runCommand.input.parse({ install: 'never' }), ctx);
  expect(result.targets.map(({ package: name, status }) => [name, status])).toEqual([['@kb-labs/contracts', 'succeeded'], ['@kb-labs/digest', 'succeeded']]);
  for (const { outputs } of result.targets) expect(outputs.written).toBe(outputs.files);
  expect(ctx.saved.has('outputs/packages/digest/dist/index.js')).toBe(true);
  const built = (await import(pathToFileURL(join(project.root, 'packages/contracts/dist/index.js')).href)) as Readonly<Record<string, unknown>>;
  expect(Object.keys(built)).toContain('LIMITS');
}, 60_000);
