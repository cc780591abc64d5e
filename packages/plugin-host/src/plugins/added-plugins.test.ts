import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { type LockedPlugin, type PluginUses, parseUses } from '@kb-labs/contracts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { createPluginHost } from '../create-plugin-host.js';
import { recordCall, silentLogger, temporaryFolder } from '../step-call.fixture.js';
import { type PackageOptions, writePlugin } from './plugin-package.fixture.js';
import { changePluginsLock, pluginsLockFile } from './plugins-lock.js';
import { sealPackage } from './seal-package.js';

let folder: ReturnType<typeof temporaryFolder>;
let root = '';
beforeEach(() => {
  folder = temporaryFolder();
  root = join(folder.path, 'project');
  mkdirSync(join(root, '.kb'), { recursive: true });
});
afterEach(() => folder[Symbol.dispose]());

const host = (firstParty: readonly string[] = [], plugins: readonly string[] = []) =>
  createPluginHost({ firstParty, project: { root, plugins }, hostEnv: { PATH: process.env['PATH'] }, logger: silentLogger });

function uses(written = '@acme/greet/greet:person'): PluginUses {
  const parsed = parseUses(written);
  if (parsed?.kind !== 'plugin') throw new Error(`not a command: ${written}`);
  return parsed;
}

const HOME = 'node_modules/@acme/greet';
const install = (options: PackageOptions = {}, at = HOME): string => writePlugin(join(root, at), options);

async function lock(change: Partial<LockedPlugin> = {}, { name = '@acme/greet', at = HOME } = {}): Promise<void> {
  const sealed = await sealPackage(join(root, at));
  if (!sealed.ok) throw new Error(sealed.problem);
  const entry: LockedPlugin = { version: '1.2.3', source: 'package', integrity: sealed.seal.integrity, permissions: { 'greet:person': {} }, trusted: true, ...change };
  await changePluginsLock(root, (plugins) => new Map(plugins).set(name, entry));
}

const run = (plugins = host(), written?: string) => plugins.run(recordCall({ workspace: root, uses: uses(written), input: { name: 'x' } }).call);

describe('a plugin that was added', () => {
  it('is found where it is installed, also above the project and behind a link', async () => {
    install();
    await lock({ trusted: false });
    expect(await host().resolve(uses())).toMatchObject({ ok: true, plugin: { origin: 'added', version: '1.2.3', trusted: false } });
    rmSync(join(root, 'node_modules'), { recursive: true });
    writePlugin(join(folder.path, 'store/greet'));
    mkdirSync(join(folder.path, 'node_modules/@acme'), { recursive: true });
    symlinkSync('../../store/greet', join(folder.path, 'node_modules/@acme/greet'));
    expect(await host().resolve(uses())).toMatchObject({ ok: true });
  });

  it('is found in the folder it was added from, and trusted when it was trusted', async () => {
    install({}, 'vendor/greet');
    await lock({ source: './vendor/greet', trusted: true }, { at: 'vendor/greet' });
    expect(await host().resolve(uses())).toMatchObject({ ok: true, plugin: { trusted: true } });
    expect(await run()).toMatchObject({ status: 'success', outputs: { text: 'x' } });
  });

  it('does not run in this process without trust, wherever it was placed', async () => {
    install();
    await lock({ trusted: false });
    expect(await run()).toMatchObject({ status: 'failed', error: { code: 'TARGET_TOO_WEAK' } });
  });

  it('answers to the range of a step', async () => {
    install();
    await lock();
    expect((await host().resolve(uses('@acme/greet@^1.2/greet:person'))).ok).toBe(true);
    expect(await host().resolve(uses('@acme/greet@^2/greet:person'))).toMatchObject({ ok: false, code: 'PLUGIN_VERSION' });
  });

  it('never takes the place of a first-party one, and leaves its own to a folder of the project', async () => {
    const shipped = writePlugin(join(folder.path, 'shipped'), { version: '9.0.0' });
    install();
    await lock();
    expect(await host([shipped]).resolve(uses())).toMatchObject({ ok: true, plugin: { origin: 'first-party', version: '9.0.0' } });
    install({ version: '8.0.0' }, 'mine');
    expect(await host([shipped], ['mine']).resolve(uses())).toMatchObject({ ok: true, plugin: { origin: 'project', version: '8.0.0' } });
    expect((await host([shipped]).list()).map(({ origin }) => origin)).toEqual(['first-party']);
  });
});

describe('a plugin that is not the one that was added', () => {
  const flip = (path: string) => {
    const bytes = readFileSync(join(root, HOME, path));
    bytes[bytes.length - 2] = (bytes.at(-2) ?? 0) ^ 1;
    writeFileSync(join(root, HOME, path), bytes);
  };

  it.each<readonly [string, () => void | Promise<void>, string]>([
    ['one byte of a handler', () => flip('dist/greet/person.js'), 'its files are others'],
    ['one byte of its package.json', () => writeFileSync(join(root, HOME, 'package.json'), readFileSync(join(root, HOME, 'package.json'), 'utf8').replace('1.2.3', '1.2.4')), 'its files are others'],
    ['a file more', () => writeFileSync(join(root, HOME, 'dist/x.js'), ''), 'its files are others'],
    ['a file less', () => rmSync(join(root, HOME, 'dist/greet/person.js')), 'its files are others'],
    ['a link out of it', () => symlinkSync('/etc/passwd', join(root, HOME, 'x')), 'leads out of the package'],
    ['another version', () => void install({ version: '1.3.0' }), '1.2.3 was added, and 1.3.0 is here'],
    ['more permissions', () => void install({ commands: [{ permissions: { network: ['evil.example'] } }] }), 'it asks for more: greet:person: reach evil.example'],
    ['another command', () => void install({ commands: [{}, { id: 'greet:all' }] }), 'it asks for more: greet:all: the command itself'],
    ['less granted in the lock', () => lock({ permissions: {} }), 'it asks for more: greet:person: the command itself'],
    ['another digest in the lock', () => lock({ integrity: `sha256-${'A'.repeat(43)}=` }), 'its files are others'],
    ['a manifest that is none', () => writeFileSync(join(root, HOME, 'dist/kb.plugin.json'), '{}'), 'its files are others'],
  ])('is refused: %s', async (_, change, problem) => {
    install();
    await lock();
    const running = host();
    expect((await run(running)).status).toBe('success');
    await change();
    const refused = { code: 'PLUGIN_CHANGED', message: expect.stringContaining(problem) as string, hint: expect.stringContaining('kb plugin:add @acme/greet') as string };
    // A process that starts, in which the first check reads every file.
    expect(await host().resolve(uses())).toEqual({ ok: false, ...refused });
    // A process that had used it before.
    const later = await run(running);
    expect(later).toMatchObject({ status: 'failed', error: { code: 'PLUGIN_CHANGED' }, retryable: false });
    expect(await host().list({ verify: true })).toMatchObject([{ id: '@acme/greet', origin: 'added', problem: expect.any(String) as string, granted: expect.any(Object) as object }]);
  });

  it('is told by its files in a process that had used it', async () => {
    install();
    await lock();
    const running = host();
    await run(running);
    flip('dist/greet/person.js');
    expect(await run(running)).toMatchObject({ error: { message: 'the plugin @acme/greet is not the one that was added: these files are others: dist/greet/person.js' } });
  });

  it('is accepted once it is put back, or the lock is changed, by a process that runs', async () => {
    const same = uses();
    install();
    await lock();
    const running = host();
    expect((await running.resolve(same)).ok).toBe(true);
    install({ version: '1.3.0' });
    expect((await running.resolve(same)).ok).toBe(false);
    await lock({ version: '1.3.0' });
    expect(await running.resolve(same)).toMatchObject({ ok: true, plugin: { version: '1.3.0' } });
    expect(await run(running)).toMatchObject({ status: 'success' });
    rmSync(pluginsLockFile(root));
    expect(await running.resolve(same)).toMatchObject({ ok: false, code: 'PLUGIN_NOT_TRUSTED' });
  });
});

it('never runs code of one version beside that of another in one process', async () => {
  install();
  await lock({ trusted: true });
  const running = host();
  expect(await run(running)).toMatchObject({ status: 'success' });
  install({ files: { 'dist/greet/person.js': 'export default () => ({ text: "other" });' } });
  await lock({ trusted: true });
  expect(await run(running)).toMatchObject({ status: 'failed', error: { code: 'PLUGIN_INVALID', message: expect.stringContaining('start the process again') as string } });
});

describe('a plugin that cannot be there', () => {
  it('is missing', async () => {
    install();
    await lock();
    rmSync(join(root, 'node_modules'), { recursive: true });
    expect(await host().resolve(uses())).toMatchObject({ ok: false, code: 'UNKNOWN_PLUGIN', message: expect.stringContaining('it was added as 1.2.3 and is not installed') as string });
    expect(await host().list()).toEqual([{ id: '@acme/greet', version: '1.2.3', origin: 'added', trusted: true, commands: [], granted: { 'greet:person': {} }, integrity: expect.stringMatching(/^sha256-/) as string, problem: 'it was added as 1.2.3 and is not installed' }]);
  });

  it('has its code where nobody checks it', async () => {
    install({ commands: [{ handler: './node_modules/x/index.js#default' }], files: { 'dist/node_modules/x/index.js': 'export default () => ({ text: "" });' } });
    await lock();
    expect(await host().resolve(uses())).toMatchObject({ ok: false, code: 'PLUGIN_INVALID', message: expect.stringContaining('is not among the files of the package') as string });
  });

  it('has another name', async () => {
    install({ name: '@acme/other' });
    await lock();
    expect(await host().resolve(uses())).toMatchObject({ ok: false });
  });

  it('is in a lock that cannot be read; others work on', async () => {
    install();
    writeFileSync(pluginsLockFile(root), '{');
    const shipped = writePlugin(join(folder.path, 'shipped'), { name: '@kb/one' });
    const plugins = host([shipped]);
    expect(await plugins.resolve(uses())).toMatchObject({ ok: false, code: 'PLUGINS_LOCK_INVALID' });
    expect(await plugins.resolve(uses('@kb/one/greet:person'))).toMatchObject({ ok: true });
    expect((await plugins.list()).map(({ id }) => id)).toEqual(['@kb/one']);
  });
});
