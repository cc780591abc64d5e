import { readFileSync, rmSync, utimesSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, describe, expect, it, vi } from 'vitest';
import type { z } from 'zod';

import { runCommand } from '../plugin.js';
import { findProject } from '../project/find-project.js';
import { buildable, hasProgram, inFolder, makeProject, type ProjectFixture } from '../project.fixture.js';
import build from './run.js';

// Package managers and compilers take their time on a machine that has other work.
vi.setConfig({ testTimeout: 120_000 });

let project: ProjectFixture;
afterEach(() => {
  project.dispose();
});

async function run(input: z.input<typeof runCommand.input> = {}, ctx = project.ctx()): ReturnType<typeof build> {
  const result = await build(runCommand.input.parse(input), ctx);
  expect(runCommand.output.parse(result)).toEqual(result);
  return result;
}

const LOCK = { name: 'one', version: '1.0.0', lockfileVersion: 3, requires: true, packages: { '': { name: 'one', version: '1.0.0' } } };

/** `web` needs `ui` needs `core`, through a package that has nothing to build; `docs` needs nothing. */
function workspace(protocol: string): Record<string, string | object> {
  return {
    ...inFolder('packages/core', buildable('@acme/core')),
    'packages/tokens/package.json': { name: '@acme/tokens', version: '1.0.0', dependencies: { '@acme/core': protocol } },
    ...inFolder('packages/a-ui', buildable('@acme/ui', { dependencies: { '@acme/tokens': protocol } })),
    ...inFolder('packages/a-web', buildable('@acme/web', { devDependencies: { '@acme/ui': protocol } })),
    ...inFolder('packages/docs', buildable('@acme/docs')),
  };
}

const order = (): string[] => project.read('order.txt').trim().split('\n');

describe('a project of one package', () => {
  it('is built by npm; its outputs are listed, hashed and kept', async () => {
    project = makeProject({
      'package.json': { name: 'one', version: '1.0.0', scripts: { prebuild: 'echo first', build: 'node build.cjs' } },
      'package-lock.json': LOCK,
      'build.cjs': `const fs = require('node:fs'); fs.mkdirSync('dist/pages', { recursive: true });
fs.writeFileSync('dist/a.js', 'a\\n'); fs.writeFileSync('dist/a.js.map', '{}'); fs.writeFileSync('dist/pages/[slug] x.js', 'slug\\n');
console.log('printed'); console.error('said');`,
    });
    const ctx = project.ctx();
    const result = await run({}, ctx);
    expect(result).toMatchObject({
      manager: 'npm',
      root: '.',
      installed: false,
      targets: [{ package: 'one', folder: '.', script: 'build', status: 'succeeded', outputs: { files: 3, bytes: 9, written: 3 } }],
      outputs: { files: 3, bytes: 9, saved: 3, omitted: 0 },
    });
    const texts = ctx.lines.map(({ text }) => text);
    expect(texts).toEqual(expect.arrayContaining(['first', 'printed', 'said']));
    const report = JSON.parse(ctx.saved.get('build.json')?.text ?? '') as { outputs: { path: string; sha256: string; artifact: string }[] };
    expect(report.outputs.map(({ path }) => path)).toEqual(['dist/a.js', 'dist/a.js.map', 'dist/pages/[slug] x.js']);
    // printf 'a\n' | sha256sum
    expect(report.outputs[0]).toEqual({ path: 'dist/a.js', bytes: 2, sha256: '87428fc522803d31065e7bce3cf03fe475096631e5e07bbd7a0fde60c4cf25c7', artifact: 'outputs/dist/a.js' });
    expect(report.outputs[2]?.artifact).toMatch(/^outputs\/dist\/pages\/_slug__x-[0-9a-f]{12}\.js$/);
    expect(ctx.saved.get(report.outputs[2]?.artifact ?? '')?.text).toBe('slug\n');
    expect(ctx.saved.get('build.md')?.text).toContain('| `one` | succeeded |');
  });

  it('tells what the build wrote from what was there, and keeps no more than asked', async () => {
    project = makeProject({
      'package.json': { name: 'one', version: '1.0.0', scripts: { build: `node -e "require('fs').writeFileSync('dist/new.js', '12345')"` } },
      'dist/old.js': '1',
      'dist/old.js.map': '2',
      'dist/node_modules/x/index.js': 'installed',
      'lib/z.js': '1234567890',
    });
    const ctx = project.ctx();
    const result = await run({ maxBytes: 7 }, ctx);
    expect(result.targets[0]?.outputs).toEqual({ files: 4, bytes: 17, written: 1 });
    expect(result.outputs).toEqual({ files: 4, bytes: 17, saved: 3, omitted: 1 });
    expect([...ctx.saved.keys()].filter((name) => name.startsWith('outputs/'))).toEqual(['outputs/dist/new.js', 'outputs/dist/old.js', 'outputs/dist/old.js.map']);
    expect(JSON.parse(ctx.saved.get('build.json')?.text ?? '')).toMatchObject({ outputs: [{}, {}, {}, { path: 'lib/z.js', bytes: 10, left: 'too large', sha256: expect.any(String) as string }] });

    const few = project.ctx();
    expect((await run({ maxFiles: 1, outputs: ['dist/*.js'] }, few)).outputs).toEqual({ files: 2, bytes: 6, saved: 1, omitted: 1 });
    expect(few.saved.get('build.json')?.text).toContain('too many files');
  });

  it('in a folder of the workspace is found with the lockfile above it', async () => {
    project = makeProject({
      'package.json': { name: 'root', private: true, workspaces: ['packages/*'], scripts: { build: 'exit 3' } },
      'package-lock.json': LOCK,
      ...inFolder('packages/core', buildable('@acme/core')),
    });
    expect(await run({ folder: './packages/core/' })).toMatchObject({ manager: 'npm', root: '.', targets: [{ package: '@acme/core', folder: 'packages/core' }] });
    expect(order()).toEqual(['@acme/core']);
  });

  it('is built by the script that is asked for', async () => {
    project = makeProject({ 'package.json': { name: 'one', scripts: { 'build:all': 'echo all-of-it' } } });
    const ctx = project.ctx();
    expect((await run({ script: 'build:all' }, ctx)).targets).toMatchObject([{ script: 'build:all', status: 'succeeded' }]);
    expect(ctx.lines.map(({ text }) => text)).toContain('all-of-it');
  });
});

describe('a workspace is built in the order of its dependencies', () => {
  const expectOrder = (): void => {
    const built = order();
    expect([...built].sort()).toEqual(['@acme/core', '@acme/docs', '@acme/ui', '@acme/web']);
    expect(built.indexOf('@acme/core')).toBeLessThan(built.indexOf('@acme/ui'));
    expect(built.indexOf('@acme/ui')).toBeLessThan(built.indexOf('@acme/web'));
  };

  it('by npm', async () => {
    project = makeProject({ 'package.json': { name: 'root', private: true, workspaces: ['packages/*'] }, 'package-lock.json': LOCK, ...workspace('1.0.0') });
    const ctx = project.ctx();
    const result = await run({ install: 'never' }, ctx);
    expect(result.targets.map(({ package: name, status }) => [name, status])).toEqual([
      ['@acme/ui', 'succeeded'],
      ['@acme/web', 'succeeded'],
      ['@acme/core', 'succeeded'],
      ['@acme/docs', 'succeeded'],
    ]);
    expectOrder();
    expect(ctx.lines.map(({ text }) => text)).toContain('[@acme/web] made @acme/web');
    expect(ctx.saved.has('outputs/packages/a-web/dist/index.js')).toBe(true);
  });

  it('by pnpm, which says what its workspace is and installs it as the lockfile says', async ({ skip }) => {
    if (!hasProgram('pnpm')) skip('pnpm is not on the PATH');
    project = makeProject({
      'package.json': { name: 'root', private: true },
      'pnpm-workspace.yaml': 'packages:\n  - "packages/*"\n  - "!packages/docs"\n',
      ...workspace('workspace:*'),
    });
    project.run('pnpm', 'install', '--lockfile-only');
    const first = await run({ outputs: ['dist'] });
    expect(first).toMatchObject({ manager: 'pnpm', installed: true });
    expect(order()).toEqual(['@acme/core', '@acme/ui', '@acme/web']);
    expect(project.has('packages/a-ui/node_modules/@acme/tokens/package.json')).toBe(true);
    expect(await run({ packages: ['@acme/core'] })).toMatchObject({ installed: false, targets: [{ package: '@acme/core' }] });
  });

  it.each(['classic', 'berry'] as const)('by a %s yarn that the project carries', async (kind) => {
    project = makeProject({ 'package.json': { name: 'root', private: true, workspaces: ['packages/*'] }, ...workspace('1.0.0') });
    const yarn = project.carryYarn(kind);
    project.run('node', yarn, 'install', ...(kind === 'berry' ? ['--mode=update-lockfile'] : ['--offline', '--non-interactive']));
    rmSync(join(project.root, 'node_modules'), { recursive: true, force: true });
    const ctx = project.ctx();
    expect(await run({ install: 'always' }, ctx)).toMatchObject({ manager: 'yarn', installed: true });
    expectOrder();
    expect(ctx.lines.map(({ text }) => text)).toContain(`yarn install ${kind === 'berry' ? '--immutable' : '--frozen-lockfile --non-interactive'}`);
    expect((await run({}, project.ctx())).installed).toBe(false);
  });

  it('with only what is asked for, and what that needs', async () => {
    project = makeProject({ 'package.json': { name: 'root', private: true, workspaces: { packages: ['packages/{a-*,core}', 'packages/tokens'] } }, 'package-lock.json': LOCK, ...workspace('*') });
    expect((await run({ install: 'never', packages: ['packages/a-ui'] })).targets.map(({ package: name }) => name)).toEqual(['@acme/ui', '@acme/core']);
    expect(order()).toEqual(['@acme/core', '@acme/ui']);
    expect((await run({ install: 'never', packages: ['@acme/*e*b'], dependencies: false })).targets.map(({ package: name }) => name)).toEqual(['@acme/web']);
    await expect(run({ packages: ['@acme/nothing'] })).rejects.toMatchObject({ code: 'UNKNOWN_PACKAGE', hint: expect.stringContaining('@acme/core') as string });
    await expect(run({ packages: ['@acme/tokens'] })).rejects.toMatchObject({ code: 'NO_SCRIPT', details: { folder: 'packages/tokens' } });
  });

  it('also when packages depend on each other in a circle', async () => {
    project = makeProject({
      'package.json': { name: 'root', private: true, workspaces: ['packages/*'] },
      ...inFolder('packages/a', buildable('a', { dependencies: { b: '*' } })),
      ...inFolder('packages/b', buildable('b', { dependencies: { a: '*' } })),
    });
    const ctx = project.ctx();
    await run({ install: 'never' }, ctx);
    expect(order()).toEqual(['a', 'b']);
    expect(ctx.lines.some(({ level, text }) => level === 'warn' && text.includes('depend on each other'))).toBe(true);
  });
});

describe('dependencies', () => {
  const withDependency = (): void => {
    project = makeProject({
      'package.json': { name: 'one', version: '1.0.0', scripts: { build: `node -e "console.log(require('dep'))"` }, dependencies: { dep: 'file:./vendor/dep' } },
      'vendor/dep/package.json': { name: 'dep', version: '1.0.0', main: 'index.js' },
      'vendor/dep/index.js': 'module.exports = "from dep";',
    });
  };

  it('are installed when they are missing or older than the lockfile, and only then', async () => {
    withDependency();
    project.run('npm', 'install', '--package-lock-only', '--ignore-scripts');
    const ctx = project.ctx();
    expect((await run({}, ctx)).installed).toBe(true);
    expect(ctx.lines.map(({ text }) => text)).toEqual(expect.arrayContaining(['npm ci', 'from dep']));
    expect((await run()).installed).toBe(false);
    utimesSync(`${project.root}/package-lock.json`, 4_000_000_000, 4_000_000_000);
    expect((await run()).installed).toBe(true);
  });

  it('without a lockfile are not guessed', async () => {
    withDependency();
    await expect(run()).rejects.toMatchObject({ code: 'NO_LOCKFILE', kbRetry: 'never' });
    await expect(run({ install: 'never' })).rejects.toMatchObject({ code: 'BUILD_FAILED', message: expect.stringContaining("Cannot find module 'dep'") as string });
  });

  it('that the lockfile does not agree with stop the build', async () => {
    withDependency();
    project.write('package-lock.json', LOCK);
    const failure = run();
    await expect(failure).rejects.toMatchObject({ code: 'INSTALL_FAILED', message: expect.stringMatching(/^npm ci ended with exit code 1: [^]*in sync/) as string });
    await expect(failure).rejects.not.toHaveProperty('kbRetry');
  });
});

describe('a failure', () => {
  it('names the package, the exit code and the last lines, and what was not built because of it', async () => {
    project = makeProject({ 'package.json': { name: 'root', private: true, workspaces: ['packages/*'] }, ...workspace('*') });
    project.write('packages/core/build.cjs', 'for (let i = 0; i < 100; i += 1) console.log("line", i); console.error("no such thing"); process.exitCode = 7;');
    const ctx = project.ctx();
    const failure = await run({ install: 'never', concurrency: 1 }, ctx).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      code: 'BUILD_FAILED',
      message: expect.stringMatching(/^@acme\/core failed to build: "build" of @acme\/core ended with exit code \d+ \(\d not built because of it\)\n[^]*no such thing$/) as string,
      details: { failures: [{ package: '@acme/core', folder: 'packages/core', exitCode: expect.any(Number) as number }], targets: expect.arrayContaining([{ package: '@acme/web', status: 'skipped', durationMs: 0 }]) as object },
    });
    expect(failure).not.toHaveProperty('kbRetry');
    expect(JSON.parse(ctx.saved.get('build.json')?.text ?? '')).toMatchObject({ manager: 'npm', outputs: [] });
  });

  it.each([
    ['NO_PROJECT', {}, {}],
    ['NO_SCRIPT', { 'package.json': { name: 'x', scripts: { compile: 'true' } } }, {}],
    ['UNKNOWN_MANAGER', { 'package.json': { name: 'x', packageManager: 'cargo@1.0.0', scripts: { build: 'true' } } }, {}],
    ['AMBIGUOUS_MANAGER', { 'package.json': { name: 'x', scripts: { build: 'true' } }, 'yarn.lock': '', 'package-lock.json': LOCK }, {}],
    ['MANAGER_NOT_FOUND', { 'package.json': { name: 'x', scripts: { build: 'true' } }, '.yarnrc.yml': 'yarnPath: .yarn/gone.cjs\n', 'yarn.lock': '' }, {}],
    ['PACKAGE_UNREADABLE', { 'package.json': '{ "name": ' }, {}],
    ['PACKAGE_UNREADABLE', { 'package.json': '[]' }, {}],
    ['INPUT_INVALID', { 'package.json': { name: 'x' } }, { folder: 'a/../..' }],
  ])('%s starts nothing', async (code, files, input) => {
    project = makeProject(files);
    const ctx = project.ctx();
    const failure = await run(input, { ...ctx, exec: () => Promise.reject(new Error('started')) }).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code, kbRetry: 'never' });
  });

  it('for a manager that is not installed says so', async () => {
    project = makeProject({ 'package.json': { name: 'x', scripts: { build: 'true' } }, 'bun.lock': '{}' });
    await expect(run({}, project.ctx({ env: { PATH: '/nowhere' } }))).rejects.toMatchObject({ code: 'MANAGER_NOT_FOUND', kbRetry: 'never' });
  });
});

it('which package manager: the input, then packageManager, then the lockfile, then npm', async () => {
  project = makeProject({ 'package.json': { name: 'x', packageManager: 'yarn@4.9.1+sha512.abc' }, 'package-lock.json': LOCK, 'bare/package.json': {}, 'dev/package.json': { devEngines: { packageManager: { name: 'yarn', version: '^1.22.0' } } } });
  const { fs } = project.ctx();
  const managerOf = async (...args: [string, 'bun'?]): Promise<unknown> => (await findProject(fs, ...args)).manager;
  expect(await managerOf('.')).toMatchObject({ name: 'yarn', berry: true });
  expect(await managerOf('bare')).toMatchObject({ name: 'yarn', berry: true });
  expect(await managerOf('dev')).toMatchObject({ name: 'yarn', berry: false });
  expect(await managerOf('.', 'bun')).toMatchObject({ name: 'bun', program: 'bun' });
  project.write('package.json', { name: 'x' });
  expect(await managerOf('bare')).toMatchObject({ name: 'npm' });
  project.write('yarn.lock', '# yarn lockfile v1\n');
  await expect(managerOf('.')).rejects.toMatchObject({ code: 'AMBIGUOUS_MANAGER' });
});

it('cancelled in the middle, leaves no process behind', async () => {
  project = makeProject({
    'package.json': { name: 'root', private: true, workspaces: ['packages/*'] },
    ...inFolder('packages/a', buildable('a')),
    ...inFolder('packages/b', buildable('b')),
  });
  const endless = `const { spawn } = require('node:child_process');
const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'inherit' });
console.log('pids ' + process.pid + ' ' + child.pid);
setInterval(() => {}, 1000);`;
  project.write('packages/a/build.cjs', endless);
  project.write('packages/b/build.cjs', endless);
  const step = new AbortController();
  const pids: number[] = [];
  const ctx = project.ctx({ signal: step.signal });
  const log = {
    ...ctx.log,
    info: (text: string): void => {
      const [, first, second] = /pids (\d+) (\d+)/.exec(text) ?? [];
      if (first === undefined) return;
      pids.push(Number(first), Number(second));
      if (pids.length === 4) step.abort(new Error('cancelled'));
    },
  };
  await expect(run({ install: 'never' }, { ...ctx, log })).rejects.toThrow('cancelled');
  expect(pids).toHaveLength(4);
  await expect.poll(() => pids.filter(isRunning)).toEqual([]);
  expect(ctx.saved.size).toBe(0);
});

/** One that has ended and waits to be collected does not run any more. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return process.platform !== 'linux' || !/\) [ZX] /.test(readFileSync(`/proc/${String(pid)}/stat`, 'latin1'));
  } catch {
    return false;
  }
}
