import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { PluginContext } from '@kb-labs/sdk';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { z } from 'zod';

import { runCommand } from '../plugin.js';
import { hasProgram, makeProject, type ProjectFixture, threeTests } from '../project.fixture.js';
import qa from './run.js';

// Package managers and compilers take their time on a machine that has other work.
vi.setConfig({ testTimeout: 120_000 });

let project: ProjectFixture;
afterEach(() => {
  project.dispose();
});

async function run(input: z.input<typeof runCommand.input> = {}, ctx: PluginContext = project.ctx()): ReturnType<typeof qa> {
  const result = await qa(runCommand.input.parse(input), declaredOnly(ctx));
  expect(runCommand.output.parse(result)).toEqual(result);
  expect(leftovers()).toEqual([]);
  return result;
}

/** The context of a test grants everything: what is written and started has to be declared all the same. */
function declaredOnly(ctx: PluginContext): PluginContext {
  const { shell, fs } = runCommand.permissions;
  const mayWrite = (path: string): void => {
    expect((fs?.write ?? []).some((glob) => toRegExp(glob).test(path)), `writing ${path}`).toBe(true);
  };
  return {
    ...ctx,
    exec: (program, ...rest) => {
      expect(shell).toContain(program);
      return ctx.exec(program, ...rest);
    },
    fs: {
      ...ctx.fs,
      write: (path, content) => {
        mayWrite(path);
        return ctx.fs.write(path, content);
      },
      remove: (path) => {
        mayWrite(path);
        return ctx.fs.remove(path);
      },
    },
  };
}

/** With names that begin with a dot, as the engine matches. */
function toRegExp(glob: string): RegExp {
  const parts = glob.split('/').map((part, at, all) => (part === '**' ? (at === all.length - 1 ? '.+' : '(?:.+/)?') : `${part.replaceAll('.', String.raw`\.`).replaceAll('*', '[^/]*')}${at === all.length - 1 ? '' : '/'}`));
  return new RegExp(`^${parts.join('')}$`);
}

const leftovers = (): string[] => readdirSync(project.root, { recursive: true, encoding: 'utf8' }).filter((path) => path.includes('.kb-qa-'));

const ASSERT = `import assert from 'node:assert';`;
const VITEST = threeTests(`import { describe, it } from 'vitest'; ${ASSERT}`, 'it.skip');
const NODE = threeTests(`import { describe, it } from 'node:test'; ${ASSERT}`, 'it.skip');
const COUNTS = { status: 'failed', passed: 1, failed: 1, skipped: 1, parsed: true };
const LINE_FIVE = { line: 5, severity: 'error', rule: 'test-failed', message: expect.stringContaining('one and one') as string, check: 'test' };

describe('a project with vitest, typescript and eslint', () => {
  const FILES = {
    'package.json': { name: 'p', type: 'module', scripts: { pretest: 'echo before', test: 'vitest', typecheck: 'tsc -p .', lint: 'eslint src' } },
    'src/a.test.js': VITEST,
    'tsconfig.json': { compilerOptions: { noEmit: true, strict: true, types: [], pretty: true }, include: ['src/*.ts'] },
    'src/b.ts': "export const b: number = 'x';\n",
    'eslint.config.js': "export default [{ ignores: ['**/*.test.js'] }, { rules: { 'no-unused-vars': 'warn', 'no-undef': 'error' } }];\n",
    'src/c.js': 'const unused = 1;\nnothing();\n',
  };

  it('has all three checked, with every issue at its place', async () => {
    project = makeProject(FILES, ['vitest', 'typescript', 'eslint']);
    const ctx = project.ctx();
    const result = await run({ failOn: 'none' }, ctx);
    expect(result.checks).toMatchObject([
      { name: 'test', tool: 'vitest', ...COUNTS },
      { name: 'types', tool: 'tsc', status: 'failed', failed: 1, parsed: true },
      { name: 'lint', tool: 'eslint', status: 'failed', passed: 0, failed: 1, parsed: true },
    ]);
    expect(result).toMatchObject({ status: 'failed', counts: { error: 3, warning: 1 }, omitted: 0 });
    expect(result.issues).toEqual([
      { ...LINE_FIVE, file: 'src/a.test.js', column: 12 },
      { file: 'src/b.ts', line: 1, column: 14, severity: 'error', rule: 'TS2322', message: "Type 'string' is not assignable to type 'number'.", check: 'types' },
      { file: 'src/c.js', line: 2, column: 1, severity: 'error', rule: 'no-undef', message: "'nothing' is not defined.", check: 'lint' },
      { file: 'src/c.js', line: 1, column: 7, severity: 'warning', rule: 'no-unused-vars', message: "'unused' is assigned a value but never used.", check: 'lint' },
    ]);
    expect(ctx.saved.get('issues.json')).toMatchObject({ type: 'issues', text: `${JSON.stringify(result.issues, null, 2)}\n` });
    expect(ctx.saved.get('qa.md')).toMatchObject({ type: 'markdown', text: result.summary });
    expect(result.summary).toContain('| test | vitest | failed | 1 | 1 | 1 |');
    expect(result.summary).toContain('- types `src/b.ts:1:14`');
    expect(ctx.lines.map(({ text }) => text)).toContain('[test] before');
  });

  it('fails the step after everything is saved', async () => {
    project = makeProject(FILES, ['eslint']);
    const ctx = project.ctx();
    const failure = await run({ checks: ['lint'] }, ctx).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      code: 'QA_FAILED',
      message: "lint failed: 'nothing' is not defined. (src/c.js:2), and 1 more",
      details: { counts: { error: 1, warning: 1 }, checks: [{ name: 'lint', status: 'failed' }] },
    });
    expect(failure).not.toHaveProperty('kbRetry');
    expect([...ctx.saved.keys()]).toEqual(['issues.json', 'qa.md']);
    expect(leftovers()).toEqual([]);
  });

  it('with only warnings fails when that is asked for', async () => {
    project = makeProject({ ...FILES, 'src/c.js': 'const unused = 1;\n' }, ['eslint']);
    expect(await run({ checks: ['lint'] })).toMatchObject({ status: 'passed', counts: { error: 0, warning: 1 }, checks: [{ passed: 1 }] });
    await expect(run({ checks: ['lint'], failOn: 'warning' })).rejects.toMatchObject({ code: 'QA_FAILED', message: expect.stringContaining('there are 1 warnings') as string });
    expect(await run({ checks: ['lint'], maxIssues: 0 })).toMatchObject({ issues: [], omitted: 1 });
  });
});

describe('without scripts', () => {
  it('what is installed and configured is run', async () => {
    project = makeProject(
      {
        'package.json': { name: 'p', devDependencies: { jest: '*', typescript: '*', eslint: '*' }, scripts: { test: 'echo "Error: no test specified" && exit 1' } },
        'a.test.js': threeTests(`const assert = require('node:assert');`, 'it.skip'),
        'tsconfig.json': { files: [], references: [{ path: './lib' }] },
        'lib/tsconfig.json': { compilerOptions: { composite: true, types: [], outDir: '../out' }, files: ['a.ts'] },
        'lib/a.ts': 'export const a: number = true;\n',
        'eslint.config.mjs': 'export default [];\n',
      },
      ['jest', 'typescript', 'eslint'],
    );
    const result = await run({ failOn: 'none' });
    expect(result.checks).toMatchObject([
      { name: 'test', tool: 'jest', ...COUNTS },
      { name: 'types', tool: 'tsc', status: 'failed', failed: 1 },
      { name: 'lint', tool: 'eslint', status: 'passed', failed: 0 },
    ]);
    expect(result.issues).toMatchObject([{ ...LINE_FIVE, file: 'a.test.js' }, { file: 'lib/a.ts', line: 1, rule: 'TS2322' }]);
    expect(existsSync(join(project.root, 'out/a.js'))).toBe(false);
  });
});

describe('tests of', () => {
  it('mocha', async () => {
    project = makeProject({ 'package.json': { name: 'p', scripts: { test: 'mocha "t/*.js"' } }, 't/a.js': threeTests(`const assert = require('node:assert');`, 'it.skip') }, ['mocha']);
    const result = await run({ failOn: 'none' });
    expect(result.checks).toMatchObject([{ tool: 'mocha', ...COUNTS }]);
    expect(result.issues).toMatchObject([{ ...LINE_FIVE, file: 't/a.js' }]);
  });

  it('node, with files named in the script, in a folder of the workspace', async () => {
    project = makeProject({ 'packages/a/package.json': { name: 'a', scripts: { test: 'node --test t/a.test.mjs' } }, 'packages/a/t/a.test.mjs': NODE, 'package-lock.json': '{}' });
    const result = await run({ failOn: 'none', folder: 'packages/a' });
    expect(result.checks).toMatchObject([{ tool: 'node-test', ...COUNTS }]);
    expect(result.issues).toMatchObject([{ ...LINE_FIVE, file: 'packages/a/t/a.test.mjs' }]);
  });

  it('a project of pnpm', async ({ skip }) => {
    if (!hasProgram('pnpm')) skip('pnpm is not on the PATH');
    project = makeProject({ 'package.json': { name: 'p', scripts: { test: 'node --test' } }, 'a.test.mjs': NODE, 'pnpm-lock.yaml': "lockfileVersion: '9.0'\n" });
    expect((await run({ failOn: 'none' })).checks).toMatchObject([{ tool: 'node-test', ...COUNTS }]);
  });

  it.each(['classic', 'berry'] as const)('a project of a %s yarn', async (kind) => {
    project = makeProject({ 'package.json': { name: 'p', scripts: { test: 'node --test a.test.mjs', lint: 'eslint .' } }, 'a.test.mjs': NODE, 'eslint.config.mjs': "export default [{ ignores: ['.yarn'] }];\n", 'yarn.lock': '' }, ['eslint']);
    const yarn = project.carryYarn(kind);
    if (kind === 'berry') {
      project.write('.yarnrc.yml', `enableTelemetry: false\nnodeLinker: node-modules\nyarnPath: ${yarn}\n`);
      project.run('node', yarn, 'install');
    }
    const ctx = project.ctx();
    const checks = kind === 'classic' ? (['test', 'lint'] as const) : (['test'] as const);
    const result = await run({ failOn: 'none', checks: [...checks] }, ctx);
    expect(result.checks[0]).toMatchObject({ tool: 'node-test', ...COUNTS });
    if (kind === 'classic') expect(result.checks[1]).toMatchObject({ tool: 'eslint', status: 'passed', parsed: true });
    expect(ctx.lines[0]?.text).toContain(yarn);
  });

  it('a script of any kind: its exit code counts, and TAP when it prints that', async () => {
    project = makeProject({ 'package.json': { name: 'p', scripts: { test: 'sh test.sh | cat', lint: 'sh lint.sh' } }, 'test.sh': 'echo TAP version 13; echo ok 1 - a; echo not ok 2 - b; echo 1..2', 'lint.sh': 'echo something; echo is wrong >&2; exit 3' });
    const result = await run({ failOn: 'none' });
    expect(result.checks).toMatchObject([
      { name: 'test', tool: 'script', status: 'failed', passed: 1, failed: 1, parsed: true },
      { name: 'lint', tool: 'script', status: 'failed', passed: 0, failed: 0, parsed: false },
    ]);
    expect(result.issues).toMatchObject([
      { rule: 'test-failed', message: 'b' },
      { check: 'lint', rule: 'exit-code', message: expect.stringMatching(/^script ended with exit code 3: [^]*is wrong/) as string },
    ]);
  });

  it('that succeed and have failures outside of any test fail', async () => {
    project = makeProject({ 'package.json': { name: 'p', scripts: { test: 'vitest run' } }, 'a.test.js': `import { it } from 'vitest';\nit('works', () => {});\nPromise.reject(new Error('nobody waits'));\n` }, ['vitest']);
    const result = await run({ failOn: 'none' });
    expect(result.checks).toMatchObject([{ status: 'failed', passed: 1, failed: 0, parsed: true }]);
    expect(result.issues).toMatchObject([{ rule: 'exit-code', message: expect.stringContaining('nobody waits') as string }]);
  });
});

describe('a command of the document', () => {
  it('is run by the shell, and its reports are read', async () => {
    project = makeProject({ 'old/junit.xml': '<testsuite><testcase name="old"><failure/></testcase></testsuite>' });
    const command = `mkdir -p out && printf '<testsuite file="x.py"><testcase name="a" line="7"><failure>no</failure></testcase></testsuite>' > out/1.xml && printf '<testsuite><testcase name="b"/></testsuite>' > out/2.xml`;
    const result = await run({ failOn: 'none', checks: ['test'], commands: { test: command }, reports: { test: { file: './out/*.xml', format: 'junit' } } });
    expect(result.checks).toMatchObject([{ tool: 'command', status: 'failed', passed: 1, failed: 1, parsed: true }]);
    expect(result.issues).toMatchObject([{ file: 'x.py', line: 7, message: 'a: no' }]);
  });

  it.each([
    ['old/junit.xml', 'true', 'what is there is older'],
    ['none.xml', 'true', 'there is no file none.xml'],
    ['new.xml', 'echo "<html>" > new.xml', 'the root is <html>'],
  ])('without a report that can be read has not passed: %s after %s', async (file, command, words) => {
    project = makeProject({ 'old/junit.xml': '<testsuite><testcase name="old"/></testsuite>' });
    const result = await run({ failOn: 'none', checks: ['test'], commands: { test: command }, reports: { test: { file, format: 'junit' } } });
    expect(result).toMatchObject({ status: 'failed', checks: [{ status: 'failed', parsed: false }], issues: [{ rule: 'report-unreadable', message: expect.stringContaining(words) as string }] });
  });
});

describe('an error', () => {
  it.each([
    ['NO_CHECKS', {}, {}],
    ['NO_CHECKS', { 'package.json': { name: 'p', scripts: { build: 'true' } } }, {}],
    ['CHECK_NOT_FOUND', { 'package.json': { name: 'p', scripts: { test: 'true' } } }, { checks: ['lint' as const] }],
    ['PACKAGE_UNREADABLE', { 'package.json': '{' }, {}],
    ['UNKNOWN_MANAGER', { 'package.json': { packageManager: 'cargo@1', scripts: { test: 'true' } } }, {}],
    ['AMBIGUOUS_MANAGER', { 'package.json': { scripts: { test: 'true' } }, 'yarn.lock': '', 'package-lock.json': '{}' }, {}],
    ['INPUT_INVALID', {}, { folder: '../x' }],
  ])('%s starts nothing', async (code, files, input) => {
    project = makeProject(files);
    const ctx = project.ctx();
    await expect(run(input, { ...ctx, exec: () => Promise.reject(new Error('started')) })).rejects.toMatchObject({ code, kbRetry: 'never' });
  });

  it('of a tool that writes no report is a failed check, with its words', async () => {
    project = makeProject({ 'package.json': { name: 'p', scripts: { test: 'mocha' } } });
    const { checks, issues } = await run({ failOn: 'none' });
    expect(checks).toMatchObject([{ status: 'failed', parsed: false }]);
    expect(issues.map(({ rule }) => rule)).toEqual(['report-unreadable']);
  });
});

it('cancelled in the middle, leaves no process and no report behind', async () => {
  project = makeProject({ 'package.json': { name: 'p', scripts: { test: 'node endless.cjs' } } });
  project.write('endless.cjs', `const child = require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'inherit' });
console.log('pids ' + process.pid + ' ' + child.pid);
setInterval(() => {}, 1000);`);
  const step = new AbortController();
  const pids: number[] = [];
  const ctx = project.ctx({ signal: step.signal });
  const info = (text: string): void => {
    const [, first, second] = /pids (\d+) (\d+)/.exec(text) ?? [];
    if (first === undefined) return;
    pids.push(Number(first), Number(second));
    step.abort(new Error('cancelled'));
  };
  await expect(run({}, { ...ctx, log: { ...ctx.log, info } })).rejects.toThrow('cancelled');
  expect(pids).toHaveLength(2);
  await expect.poll(() => pids.filter(isRunning)).toEqual([]);
  expect(leftovers()).toEqual([]);
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
