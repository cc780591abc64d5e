import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';

import { testContext, type TestContext } from '@kb-labs/sdk/testing';

/** A project in a folder of its own, built by the real package managers with a home of its own and no network. */
export interface ProjectFixture {
  readonly root: string;
  readonly write: (path: string, content: string | object) => void;
  readonly read: (path: string) => string;
  readonly has: (path: string) => boolean;
  readonly run: (program: string, ...args: string[]) => string;
  /** Puts a yarn into the project, as projects carry it, and returns where. */
  readonly carryYarn: (kind: 'classic' | 'berry') => string;
  readonly ctx: (options?: Parameters<typeof testContext>[0]) => TestContext;
  readonly dispose: () => void;
}

const OFFLINE = {
  npm_config_offline: 'true',
  npm_config_registry: 'http://127.0.0.1:9/',
  pnpm_config_registry: 'http://127.0.0.1:9/',
  YARN_ENABLE_NETWORK: '0',
  YARN_ENABLE_HARDENED_MODE: '0',
};

export function makeProject(files: Readonly<Record<string, string | object>>): ProjectFixture {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'build-plugin-')));
  const root = join(folder, 'project');
  const env = { HOME: join(folder, 'home'), ...OFFLINE };
  mkdirSync(env.HOME);
  const write: ProjectFixture['write'] = (path, content) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), typeof content === 'string' ? content : `${JSON.stringify(content, null, 2)}\n`);
  };
  for (const [path, content] of Object.entries(files)) write(path, content);
  return {
    root,
    write,
    read: (path) => readFileSync(join(root, path), 'utf8'),
    has: (path) => existsSync(join(root, path)),
    run: (program, ...args) => execFileSync(program, args, { cwd: root, encoding: 'utf8', env: { PATH: process.env['PATH'], ...env }, stdio: ['ignore', 'pipe', 'pipe'] }),
    carryYarn: (kind) => {
      const path = `.yarn/releases/yarn-${kind}.cjs`;
      const require = createRequire(import.meta.url);
      const from = kind === 'berry' ? require.resolve('@yarnpkg/cli-dist/bin/yarn.js') : require.resolve('yarn/lib/cli.js');
      mkdirSync(join(root, '.yarn/releases'), { recursive: true });
      cpSync(from, join(root, path));
      if (kind === 'berry') write('.yarnrc.yml', `enableTelemetry: false\nyarnPath: ${path}\n`);
      else write('.yarnrc', `yarn-path "${path}"\n`);
      return path;
    },
    ctx: (options = {}) => testContext({ workspace: root, env, ...options }),
    dispose: () => {
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Whether the tests can start a program of that name. */
export function hasProgram(name: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => existsSync(join(folder, name)));
}

/** A package whose build adds its name to `order.txt` of the project and writes `dist/index.js`. */
export function buildable(name: string, more: object = {}): Record<string, string | object> {
  return {
    'package.json': { name, version: '1.0.0', scripts: { build: 'node build.cjs' }, ...more },
    'build.cjs': `const fs = require('node:fs');
fs.appendFileSync('../../order.txt', ${JSON.stringify(`${name}\n`)});
fs.mkdirSync('dist', { recursive: true });
fs.writeFileSync('dist/index.js', 'module.exports = ${JSON.stringify(name)};\\n');
console.log('made', ${JSON.stringify(name)});
`,
  };
}

export function inFolder(folder: string, files: Readonly<Record<string, string | object>>): Record<string, string | object> {
  return Object.fromEntries(Object.entries(files).map(([path, content]) => [`${folder}/${path}`, content]));
}
