import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';

import { testContext, type TestContext } from '@kb-labs/sdk/testing';

export type ToolName = 'vitest' | 'jest' | 'mocha' | 'typescript' | 'eslint';

/** A project in a folder of its own that has the real tools installed, by links to those of this repository. */
export interface ProjectFixture {
  readonly root: string;
  readonly write: (path: string, content: string | object) => void;
  /** Puts a yarn into the project, as projects carry it, and returns where. */
  readonly carryYarn: (kind: 'classic' | 'berry') => string;
  readonly run: (program: string, ...args: string[]) => string;
  readonly ctx: (options?: Parameters<typeof testContext>[0]) => TestContext;
  readonly dispose: () => void;
}

const require = createRequire(import.meta.url);
const PACKAGES: Readonly<Record<ToolName, () => string>> = {
  vitest: () => require.resolve('vitest/package.json'),
  jest: () => require.resolve('jest/package.json'),
  mocha: () => require.resolve('mocha/package.json'),
  typescript: () => require.resolve('typescript/package.json'),
  eslint: () => require.resolve('eslint/package.json'),
};

export function makeProject(files: Readonly<Record<string, string | object>>, tools: readonly ToolName[] = []): ProjectFixture {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'qa-plugin-')));
  const root = join(folder, 'project');
  const env = { HOME: join(folder, 'home'), npm_config_offline: 'true', YARN_ENABLE_NETWORK: '0', YARN_ENABLE_HARDENED_MODE: '0' };
  mkdirSync(env.HOME);
  mkdirSync(root);
  const write: ProjectFixture['write'] = (path, content) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), typeof content === 'string' ? content : `${JSON.stringify(content, null, 2)}\n`);
  };
  for (const tool of tools) install(root, tool);
  for (const [path, content] of Object.entries(files)) write(path, content);
  return {
    root,
    write,
    carryYarn: (kind) => {
      const path = `.yarn/releases/yarn-${kind}.cjs`;
      mkdirSync(join(root, '.yarn/releases'), { recursive: true });
      cpSync(kind === 'berry' ? require.resolve('@yarnpkg/cli-dist/bin/yarn.js') : require.resolve('yarn/lib/cli.js'), join(root, path));
      if (kind === 'berry') write('.yarnrc.yml', `enableTelemetry: false\nyarnPath: ${path}\n`);
      else write('.yarnrc', `yarn-path "${path}"\n`);
      return path;
    },
    run: (program, ...args) => execFileSync(program, args, { cwd: root, encoding: 'utf8', env: { PATH: process.env['PATH'], ...env }, stdio: ['ignore', 'pipe', 'pipe'] }),
    ctx: (options = {}) => testContext({ workspace: root, env, ...options }),
    dispose: () => {
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** As an installation leaves it: the package, and its programs in `node_modules/.bin`. */
function install(root: string, tool: ToolName): void {
  const from = dirname(realpathSync(PACKAGES[tool]()));
  mkdirSync(join(root, 'node_modules/.bin'), { recursive: true });
  symlinkSync(from, join(root, 'node_modules', tool));
  const { bin } = JSON.parse(readFileSync(join(from, 'package.json'), 'utf8')) as { bin: string | Record<string, string> };
  for (const [name, path] of Object.entries(typeof bin === 'string' ? { [tool]: bin } : bin)) {
    const program = join(root, 'node_modules/.bin', name);
    writeFileSync(program, `#!/bin/sh\nexec node '${join(from, path)}' "$@"\n`);
    chmodSync(program, 0o755);
  }
}

export function hasProgram(name: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => existsSync(join(folder, name)));
}

/** A test file whose first test passes, second fails in line 5, and third is skipped. */
export function threeTests(imports: string, skip: string): string {
  return `${imports}
describe('adding', () => {
  it('works', () => {});
  it('fails', () => {
    assert.equal(1 + 1, 3, 'one and one');
  });
  ${skip}('waits', () => {});
});
`;
}
