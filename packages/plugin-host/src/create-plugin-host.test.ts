import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

import { type Permissions, type PluginUses, parseUses } from '@kb-labs/contracts';
import type { Logger } from '@kb-labs/ports';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { createPluginHost } from './create-plugin-host.js';
import { type PackageOptions, writePlugin } from './plugins/plugin-package.fixture.js';
import { recordCall, scriptInput, silentLogger, temporaryFolder } from './step-call.fixture.js';

let folder: ReturnType<typeof temporaryFolder>;
let root = '';
beforeEach(() => {
  folder = temporaryFolder();
  root = join(folder.path, 'project');
  mkdirSync(root);
});
afterEach(() => folder[Symbol.dispose]());

const shipped = (name: string, options: PackageOptions = {}): string => writePlugin(join(folder.path, 'shipped', name), { name, ...options });
const own = (path: string, options: PackageOptions = {}): string => {
  writePlugin(join(root, path), options);
  return path;
};
const host = (firstParty: readonly string[], plugins: readonly string[] = [], logger: Logger = silentLogger) =>
  createPluginHost({ firstParty, project: { root, plugins }, hostEnv: { PATH: process.env['PATH'] }, logger });

function uses(written: string): PluginUses {
  const parsed = parseUses(written);
  if (parsed?.kind !== 'plugin') throw new Error(`not a command: ${written}`);
  return parsed;
}

describe('finding a command', () => {
  it('takes it from the plugins that ship with the engine and from the project’s own', async () => {
    const plugins = host([shipped('@kb/one')], [own('tools/two', { name: '@acme/two' })]);
    expect(await plugins.resolve(uses('@kb/one/greet:person'))).toMatchObject({ ok: true, plugin: { id: '@kb/one', version: '1.2.3', origin: 'first-party' }, command: { id: 'greet:person' } });
    expect(await plugins.resolve(uses('@acme/two/greet:person'))).toMatchObject({ ok: true, plugin: { origin: 'project' } });
    expect((await plugins.list()).map((plugin) => [plugin.id, plugin.origin])).toEqual([['@acme/two', 'project'], ['@kb/one', 'first-party']]);
  });

  it('prefers the project’s own of the same name, and refuses two of its own', async () => {
    const one = shipped('@kb/one');
    const mine = own('mine', { name: '@kb/one', version: '9.0.0' });
    expect(await host([one], [mine]).resolve(uses('@kb/one/greet:person'))).toMatchObject({ ok: true, plugin: { version: '9.0.0', origin: 'project' } });
    const twice = own('again', { name: '@kb/one' });
    expect(await host([one], [mine, twice]).resolve(uses('@kb/one/greet:person'))).toMatchObject({ ok: false, code: 'PLUGIN_INVALID', message: expect.stringContaining('two folders') as string });
  });

  it.each([
    ['@kb/one@^1.2/greet:person', true],
    ['@kb/one@1.2.3/greet:person', true],
    ['@kb/one@>=2/greet:person', false],
    ['@kb/one@~1.1/greet:person', false],
    ['@kb/one@nonsense/greet:person', false],
  ])('checks the range of %s', async (written, ok) => {
    const found = await host([shipped('@kb/one')]).resolve(uses(written));
    if (ok) expect(found.ok).toBe(true);
    else expect(found).toMatchObject({ ok: false, code: 'PLUGIN_VERSION', message: expect.stringContaining('is version 1.2.3, the step asks for') as string });
  });

  it('takes a pre-release of a version in the range', async () => {
    expect((await host([shipped('@kb/one', { version: '1.3.0-next.1' })]).resolve(uses('@kb/one@^1.2/greet:person'))).ok).toBe(true);
  });

  it('names what is near a mistyped name', async () => {
    const plugins = host([shipped('@kb/commit-plugin', { commands: [{ id: 'git:diff' }, { id: 'git:status' }] })]);
    expect(await plugins.resolve(uses('@kb/comit-plugin/git:diff'))).toEqual({
      ok: false,
      code: 'UNKNOWN_PLUGIN',
      message: 'the plugin @kb/comit-plugin is not installed',
      hint: 'did you mean "@kb/commit-plugin"?',
    });
    expect(await plugins.resolve(uses('@kb/commit-plugin/git:dif'))).toEqual({
      ok: false,
      code: 'UNKNOWN_COMMAND',
      message: 'the plugin @kb/commit-plugin has no command "git:dif"',
      hint: 'did you mean "git:diff"?',
    });
  });

  it('does not trust a package for being installed', async () => {
    writePlugin(join(root, 'node_modules/@acme/greet'));
    writePlugin(join(folder.path, 'node_modules/@acme/above'), { name: '@acme/above' });
    writePlugin(join(root, 'node_modules/left'), { name: 'left', described: '{"name":"left"}' });
    const plugins = host([]);
    expect(await plugins.resolve(uses('@acme/greet/greet:person'))).toMatchObject({ ok: false, code: 'PLUGIN_NOT_TRUSTED', hint: expect.stringContaining('.kb/kb.config.yaml') as string });
    expect(await plugins.resolve(uses('@acme/above/greet:person'))).toMatchObject({ ok: false, code: 'PLUGIN_NOT_TRUSTED' });
    expect(await plugins.resolve(uses('left/greet:person'))).toMatchObject({ ok: false, code: 'PLUGIN_INVALID' });
    expect(await plugins.list()).toEqual([]);
    expect(await plugins.run(recordCall({ workspace: root, uses: uses('@acme/greet/greet:person'), input: { name: 'x' } }).call)).toMatchObject({
      status: 'failed',
      error: { code: 'PLUGIN_NOT_TRUSTED' },
      retryable: false,
    });
  });

  it.each<readonly [string, PackageOptions, string]>([
    ['no manifest', { described: '{"name":"@acme/greet","kb":{"plugin":"./dist/none.json"}}' }, 'build the plugin'],
    ['no JSON', { manifest: '{' }, 'cannot be read'],
    ['another schema', { manifest: '{"schema":2,"id":"@acme/greet","version":"1.0.0","commands":[]}' }, 'does not fit at schema'],
    ['no command', { commands: [] }, 'does not fit at commands'],
    ['two commands of one id', { commands: [{}, {}] }, 'two commands greet:person'],
    ['another id', { described: '{"name":"@acme/greet","kb":{"plugin":"./dist/kb.plugin.json"}}', manifest: JSON.stringify({ schema: 1, id: '@acme/other', version: '1.0.0', commands: [{ id: 'a:b', describe: 'x', input: {}, output: {}, permissions: {}, handler: './a.js#default' }] }) }, 'calls it @acme/other'],
    ['unknown permissions', { commands: [{ permissions: { root: true } as never }] }, 'does not fit at commands.0.permissions'],
    ['a handler elsewhere', { commands: [{ handler: '/etc/passwd#default' }] }, 'does not fit at commands.0.handler'],
    ['a manifest outside', { described: '{"name":"@acme/greet","kb":{"plugin":"../kb.plugin.json"}}' }, 'outside of the package'],
    ['no manifest named', { described: '{"name":"@acme/greet"}' }, 'names no manifest'],
    ['endless nesting', { manifest: `{"schema":1,"id":"@acme/greet","version":"1.0.0","commands":[{"id":"a:b","describe":"x","permissions":{},"handler":"./a.js#b","output":{},"input":${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}}]}` }, ''],
  ])('says what is wrong with a plugin: %s', async (_name, options, problem) => {
    const warnings: unknown[] = [];
    const plugins = host([shipped('@kb/fine')], [own('mine', options)], { ...silentLogger, warn: (...args) => void warnings.push(args) });
    expect(await plugins.resolve(uses('@acme/greet/greet:person'))).toMatchObject({ ok: false, code: 'PLUGIN_INVALID', message: expect.stringContaining(problem) as string });
    expect((await plugins.list()).map((plugin) => plugin.id)).toEqual(['@kb/fine']);
    expect(warnings).toHaveLength(1);
  });

  it('names a folder of the project that is no package, when something is not found', async () => {
    mkdirSync(join(root, 'empty'));
    expect(await host([], ['empty']).resolve(uses('@acme/greet/greet:person'))).toMatchObject({ ok: false, code: 'UNKNOWN_PLUGIN', hint: expect.stringContaining('empty') as string });
  });

  it('finds a plugin behind a link', async () => {
    writePlugin(join(folder.path, 'elsewhere'));
    symlinkSync(join(folder.path, 'elsewhere'), join(root, 'linked'));
    const plugins = host([], ['linked']);
    expect((await plugins.resolve(uses('@acme/greet/greet:person'))).ok).toBe(true);
    expect(await plugins.run(recordCall({ workspace: root, uses: uses('@acme/greet/greet:person'), input: { name: 'Ada' } }).call)).toEqual({ status: 'success', outputs: { text: 'Ada' } });
  });
});

describe('the host', () => {
  it('says how a step will be isolated', async () => {
    const { signal } = new AbortController();
    expect(await host([]).place({ uses: uses('@kb/one/greet:person'), signal: () => signal })).toEqual({ ok: true, isolation: 'in-process' });
    expect(await host([]).place({ uses: { kind: 'builtin', name: 'run' }, signal: () => signal })).toEqual({ ok: true, isolation: 'subprocess' });
  });

  it('runs scripts and commands', async () => {
    const plugins = host([shipped('@kb/one')]);
    expect(await plugins.run(recordCall({ workspace: root, input: scriptInput('echo hi') }).call)).toMatchObject({ status: 'success', outputs: { stdout: 'hi' } });
    expect(await plugins.run(recordCall({ workspace: root, uses: uses('@kb/one/greet:person'), input: { name: 'Ada', loud: true } }).call)).toEqual({ status: 'success', outputs: { text: 'ADA' } });
  });

  it('leaves to the engine what only the engine can do', async () => {
    const plugins = host([]);
    for (const written of ['builtin:approval', 'builtin:gate', 'builtin:sleep', 'builtin:wait', 'workflow://other']) {
      const parsed = parseUses(written);
      if (parsed === undefined) throw new Error(`not a uses: ${written}`);
      expect(await plugins.place({ uses: parsed, signal: () => new AbortController().signal })).toEqual({ ok: true, isolation: 'in-process' });
      expect(await plugins.mayChangeFiles(parsed)).toBe(false);
      await expect(plugins.run(recordCall({ workspace: root, uses: parsed }).call)).rejects.toThrow("is the engine's to carry out");
    }
  });

  it.each<readonly [boolean, Permissions]>([
    [false, {}],
    [false, { shell: false, network: ['*'], env: ['HOME'], fs: { read: ['**'], write: [] } }],
    [false, { shell: [], fs: {} }],
    [true, { shell: true }],
    [true, { shell: ['git'] }],
    [true, { fs: { write: ['dist/**'] } }],
  ])('says %s to whether a command that declares %j may change files', async (may, permissions) => {
    expect(await host([shipped('@kb/one', { commands: [{ permissions }] })]).mayChangeFiles(uses('@kb/one/greet:person'))).toBe(may);
  });

  it('takes it that scripts change files, and commands it cannot look up', async () => {
    const plugins = host([shipped('@kb/one', { commands: [{ permissions: {} }] })]);
    expect(await plugins.mayChangeFiles({ kind: 'builtin', name: 'run' })).toBe(true);
    for (const written of ['@kb/two/greet:person', '@kb/one/greet:nobody', '@kb/one@^7/greet:person']) expect(await plugins.mayChangeFiles(uses(written))).toBe(true);
  });

  it('reads no plugin to run a script', async () => {
    const plugins = host([join(folder.path, 'not-there')], ['neither'], { ...silentLogger, warn: () => expect.unreachable('a plugin was read') });
    expect(await plugins.run(recordCall({ workspace: root, input: scriptInput('true') }).call)).toMatchObject({ status: 'success' });
  });

  it('has removed the temporary folders of all scripts when it is closed', async () => {
    const tmp = join(folder.path, 'tmp');
    mkdirSync(tmp);
    const plugins = createPluginHost({ firstParty: [], project: { root, plugins: [] }, hostEnv: { PATH: process.env['PATH'], TMPDIR: tmp }, logger: silentLogger });
    await Promise.all(['true', 'echo x > "$KB_ARTIFACTS/x"', 'exit 1'].map((script) => plugins.run(recordCall({ workspace: root, input: scriptInput(script) }).call)));
    await plugins.close();
    expect(readdirSync(tmp)).toEqual([]);
  });

  it('loads a schema checker, an HTTP client and a range checker only when a step needs them', () => {
    const here = import.meta.dirname;
    expect(vendorsFrom(join(here, 'index.ts'))).toEqual(['@kb-labs/errors']);
    expect(vendorsFrom(join(here, 'script/run-script.ts'))).toEqual(['@kb-labs/contracts', '@kb-labs/errors']);
    expect(vendorsFrom(join(here, 'plugins/run-command.ts')).filter((name) => !name.startsWith('@kb-labs/'))).toEqual([]);
    // The walk is able to see one.
    writeFileSync(join(folder.path, 'one.ts'), "import { two } from './two.js';\nexport const one = two;\n");
    writeFileSync(join(folder.path, 'two.ts'), "import { Ajv2020 } from 'ajv/dist/2020.js';\nimport type { Agent } from 'undici';\nexport const two = Ajv2020;\n");
    expect(vendorsFrom(join(folder.path, 'one.ts'))).toEqual(['ajv/dist/2020.js']);
  });
});

/** Every package that the static imports from a file lead to, types aside. */
function vendorsFrom(entry: string): string[] {
  const vendors = new Set<string>();
  const open = [entry];
  for (const file of open) {
    const text = readFileSync(file, 'utf8');
    for (const [, clause = '', target = ''] of text.matchAll(/^(?:import|export) ([^;]*?)from '([^']+)';/gm)) {
      if (clause.startsWith('type ') || target.startsWith('node:')) continue;
      if (!target.startsWith('.')) vendors.add(target);
      const next = resolve(dirname(file), target.replace(/\.js$/, '.ts'));
      if (target.startsWith('.') && existsSync(next) && !open.includes(next)) open.push(next);
    }
  }
  return [...vendors].sort();
}
