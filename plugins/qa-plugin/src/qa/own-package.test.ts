import { cpSync, mkdirSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterEach, expect, it } from 'vitest';

import { runCommand } from '../plugin.js';
import { makeProject, type ProjectFixture } from '../project.fixture.js';
import qa from './run.js';

const repository = fileURLToPath(new URL('../../../../', import.meta.url));

let project: ProjectFixture;
afterEach(() => {
  project.dispose();
});

it('checks a package of this repository with its own tests and types, and finds what is put into it', async () => {
  project = makeProject({ 'package.json': { name: 'copy', private: true, type: 'module', scripts: { test: 'vitest run', types: 'node node_modules/typescript-7/bin/tsc -p packages/digest --noEmit' } } });
  for (const path of ['tooling/tsconfig', 'tooling/fixtures/digest', 'packages/digest/src', 'packages/digest/package.json', 'packages/digest/tsconfig.json']) {
    mkdirSync(dirname(join(project.root, path)), { recursive: true });
    cpSync(join(repository, path), join(project.root, path), { recursive: true });
  }
  for (const folder of ['.', 'packages/digest']) symlinkSync(join(repository, folder, 'node_modules'), join(project.root, folder, 'node_modules'));
  project.write('vitest.config.mjs', `const conditions = ['@kb-labs/source', 'module', 'node', 'development|production'];
export default { resolve: { conditions }, ssr: { resolve: { conditions } }, test: { include: ['packages/**/*.test.ts'] } };\n`);
  const good = await qa(runCommand.input.parse({}), project.ctx());
  expect(good).toMatchObject({ status: 'passed', issues: [], checks: [{ name: 'test', tool: 'vitest', failed: 0, parsed: true }, { name: 'types', tool: 'tsc', failed: 0 }] });
  expect(good.checks[0]?.passed).toBeGreaterThan(5);

  project.write('packages/digest/src/bad.test.ts', `import { expect, it } from 'vitest';\nit('is bad', () => {\n  const text: number = 'x';\n  expect(text).toBe(1);\n});\n`);
  const bad = await qa(runCommand.input.parse({ failOn: 'none' }), project.ctx());
  expect(bad.checks).toMatchObject([{ status: 'failed', passed: good.checks[0]?.passed, failed: 1 }, { status: 'failed', failed: 1 }]);
  expect(bad.issues).toMatchObject([
    { file: 'packages/digest/src/bad.test.ts', line: 4, check: 'test', rule: 'test-failed' },
    { file: 'packages/digest/src/bad.test.ts', line: 3, check: 'types', rule: 'TS2322' },
  ]);
}, 60_000);
