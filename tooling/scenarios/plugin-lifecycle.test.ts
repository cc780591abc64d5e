import { execFileSync, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';

import type { InstalledPlugin } from '@kb-labs/ports';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { DaemonProcess } from './daemon.fixture.js';
import { Project } from './project.fixture.js';
import { Registry } from './registry.fixture.js';

const NAME = '@acme/text-plugin';
const PATH = `${dirname(process.execPath)}${delimiter}${process.env['PATH'] ?? ''}`;
const hasNpm = (() => {
  try {
    return execFileSync('npm', ['--version'], { encoding: 'utf8', env: { ...process.env, PATH } }) !== '';
  } catch {
    return false;
  }
})();

const countLines = (uses = `${NAME}/text:count`) => `id: count-lines
outputs: { lines: "\${{ jobs.count.outputs.lines }}" }
jobs:
  count:
    outputs: { lines: "\${{ steps.lines.outputs.lines }}" }
    steps:
      - { id: lines, uses: "${uses}", with: { glob: "notes.txt" } }
`;

interface Failure {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  readonly details: Readonly<Record<string, unknown>>;
}

interface Described {
  version: string;
  scripts: Record<string, string>;
}

interface Manifest {
  version: string;
  commands: { id: string; permissions: object }[];
}

let registry: Registry;
/** Where `plugin:new` has made a plugin, which was installed, built and tested as it was. */
let workshop: Project;
const built = () => join(workshop.dir, 'text-plugin');

const projects: Project[] = [];
afterEach(() => {
  for (const project of projects.splice(0)) project.remove();
});

function newProject(files: Readonly<Record<string, string>> = {}): Project {
  const project = new Project({ 'notes.txt': 'one\ntwo\n', '.kb/workflows/count.yml': countLines(), 'package.json': '{ "name": "app", "private": true }', ...files }, { PATH, npm_config_registry: registry.url });
  projects.push(project);
  return project;
}

/** Programs are waited for without blocking: the registry is in this process. */
async function npm(project: Project, cwd: string, ...args: string[]): Promise<void> {
  const child = spawn('npm', args, { cwd, env: project.env, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (chunk: string) => (said += chunk));
  const code = await new Promise((done) => child.once('close', done));
  if (code !== 0) throw new Error(`npm ${args.join(' ')} ended with ${String(code)}:\n${said}`);
}

/** The built plugin in another folder; what it depends on is where it was installed. */
function copyTo(folder: string): string {
  cpSync(built(), folder, { recursive: true, filter: (from) => from !== join(built(), 'node_modules') });
  symlinkSync(join(built(), 'node_modules'), join(folder, 'node_modules'));
  return folder;
}

/** A project in which a release is installed, as a package manager leaves it, and what it depends on. */
function withInstalled(version = '0.1.0'): Project {
  const project = newProject();
  const modules = join(project.dir, 'node_modules');
  for (const name of ['@kb-labs', 'zod']) {
    mkdirSync(modules, { recursive: true });
    symlinkSync(join(built(), 'node_modules', name), join(modules, name));
  }
  installRelease(project, version);
  return project;
}

function installRelease(project: Project, version: string): void {
  const home = join(project.dir, 'node_modules', NAME);
  rmSync(home, { recursive: true, force: true });
  const from = join(workshop.dir, 'releases', version);
  cpSync(from, home, { recursive: true, filter: (path) => path !== join(from, 'node_modules') });
}

/** A release of the plugin whose installation would leave a trace, if its scripts were run. */
function release(version: string, change: (manifest: Manifest) => void = () => undefined): void {
  const folder = copyTo(join(workshop.dir, 'releases', version));
  // What is not among its "files" is not published.
  for (const left of ['src', '.gitignore', 'package-lock.json', 'tsconfig.json', 'tsconfig.build.json']) rmSync(join(folder, left), { recursive: true });
  edit<Described>(join(folder, 'package.json'), (described) => {
    described.version = version;
    described.scripts = { postinstall: 'touch "$HOME/a-script-ran"' };
  });
  edit<Manifest>(join(folder, 'dist/kb.plugin.json'), (manifest) => {
    manifest.version = version;
    change(manifest);
  });
  registry.publish(folder);
}

function edit<T>(file: string, change: (value: T) => void): void {
  const value = JSON.parse(readFileSync(file, 'utf8')) as T;
  change(value);
  writeFileSync(file, `${JSON.stringify(value, null, 2)}\n`);
}

/** Turns one bit of a file, without changing how long it is. */
function flip(file: string): void {
  const bytes = readFileSync(file);
  const at = bytes.indexOf('lines in');
  expect(at).toBeGreaterThan(0);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  writeFileSync(file, bytes);
}

const lockOf = (project: Project) => readFileSync(join(project.dir, '.kb/plugins.lock'), 'utf8');
const run = (project: Project) => project.kb('workflow:run', '--workflow-id=count-lines', '--json');
const lastLine = <T>(text: string): T => JSON.parse(text.trim().split('\n').at(-1) ?? '') as T;

describe.skipIf(!hasNpm)('plugins', { timeout: 60_000 }, () => {
  beforeAll(async () => {
    registry = await Registry.start();
    registry.publishKit();
    workshop = new Project({}, { PATH, npm_config_registry: registry.url });
    const made = await workshop.kb('plugin:new', NAME);
    expect(made.code, made.stderr).toBe(0);
    await npm(workshop, built(), 'install');
    await npm(workshop, built(), 'run', 'build');
    await npm(workshop, built(), 'test');
    release('0.1.0');
  }, 180_000);
  afterAll(async () => {
    workshop.remove();
    await registry.close();
  });

  describe('a new plugin', () => {
    it('is valid, and runs as a command and as a step when its folder is named', async () => {
      const project = newProject({ '.kb/kb.config.yaml': 'plugins: [plugins/text]\n' });
      copyTo(join(project.dir, 'plugins/text'));
      expect(await project.json('plugin:validate', 'plugins/text')).toMatchObject({ valid: true, plugin: { id: NAME, commands: ['text:count'] }, problems: [] });
      expect(await project.json('text:count', '--glob=*.txt')).toEqual({ files: 1, lines: 2 });
      expect(await project.json('plugin:validate', NAME)).toMatchObject({ valid: true });
      const { code, stdout, stderr } = await run(project);
      expect(code, stderr).toBe(0);
      expect(stdout).toContain('"lines":2');
    });

    it('is not made over a folder that is there, nor with a name that cannot be published', async () => {
      expect(await workshop.kb('plugin:new', NAME)).toMatchObject({ code: 2, stderr: expect.stringContaining('is there already') as string });
      for (const name of ['../out', 'Text', '@acme/', '@acme/a/b', '.hidden', 'a b', '']) expect((await workshop.kb('plugin:new', name)).code, name).toBe(2);
      expect(existsSync(join(workshop.dir, '../out'))).toBe(false);
    });
  });

  describe('plugin:add', () => {
    it('shows what is asked for, and adds nothing without a yes', async () => {
      const project = withInstalled();
      const refused = await project.kb('plugin:add', NAME);
      expect(refused.code).toBe(4);
      expect(refused.stderr).toContain('may read the files **');
      expect(refused.stderr).toContain('not trusted');
      const failure = await project.json<Failure>('plugin:add', NAME);
      expect(failure).toMatchObject({ code: 'PLUGIN_NOT_TRUSTED', hint: expect.stringContaining('--yes') as string, details: { permissions: { 'text:count': ['read the files **'] }, trusted: false } });
      expect(existsSync(join(project.dir, '.kb/plugins.lock'))).toBe(false);
      expect(await project.json('workflow:validate')).toMatchObject({ valid: false, diagnostics: [{ code: 'PLUGIN_NOT_TRUSTED', hint: expect.stringContaining(`kb plugin:add ${NAME}`) as string }] });
      expect((await run(project)).code).toBe(2);
    });

    it('installs a package of the registry without running its scripts, and it runs', async () => {
      const project = newProject();
      const added = await project.json<{ integrity: string }>('plugin:add', `${NAME}@^0.1`, '--yes', '--trust');
      expect(added).toMatchObject({ name: NAME, changed: true, version: '0.1.0', source: 'package', trusted: true });
      expect(JSON.parse(readFileSync(join(project.dir, 'package.json'), 'utf8'))).toMatchObject({ devDependencies: { [NAME]: '^0.1.0' } });
      expect(existsSync(join(project.dir, 'a-script-ran'))).toBe(false);
      expect(JSON.parse(lockOf(project))).toEqual({
        schema: 1,
        plugins: { [NAME]: { version: '0.1.0', source: 'package', integrity: added.integrity, permissions: { 'text:count': { fs: { read: ['**'] } } }, trusted: true } },
      });
      expect(await project.json('text:count', '--glob=*.txt')).toEqual({ files: 1, lines: 2 });
      expect((await run(project)).code).toBe(0);
      expect((await project.json<{ items: InstalledPlugin[] }>('plugin:list')).items.find(({ id }) => id === NAME)).toMatchObject({ origin: 'added', trusted: true, version: '0.1.0' });
      const before = lockOf(project);
      expect(await project.json('plugin:add', NAME)).toMatchObject({ changed: false, trusted: true });
      expect(lockOf(project)).toBe(before);
      const elsewhere = withInstalled();
      await elsewhere.kb('plugin:add', `${NAME}@^0.1`, '--yes', '--trust');
      expect(lockOf(elsewhere)).toBe(before);
      expect((await project.json<{ items: { action: string; target: string }[] }>('audit:list')).items).toContainEqual(expect.objectContaining({ action: 'plugin.add', target: NAME }));

      expect(await project.json('plugin:remove', NAME, '--uninstall')).toEqual({ name: NAME, uninstalled: true });
      expect(existsSync(join(project.dir, 'node_modules', NAME))).toBe(false);
      expect(await project.json('workflow:validate')).toMatchObject({ diagnostics: [{ code: 'UNKNOWN_PLUGIN' }] });
    });

    it('keeps a folder by its path, and runs it without trust', async () => {
      const project = withInstalled();
      rmSync(join(project.dir, 'node_modules', NAME), { recursive: true });
      rmSync(join(copyTo(join(project.dir, 'vendor/text')), 'node_modules'));
      expect(await project.json('plugin:add', './vendor/text', '--yes')).toMatchObject({ source: './vendor/text', trusted: false });
      const { code, stdout, stderr } = await run(project);
      expect(code, stdout + stderr).toBe(0);
      expect(stdout).toContain('"lines":2');
      flip(join(project.dir, 'vendor/text/dist/count.js'));
      expect((await project.json<Failure>('plugin:add', NAME)).details['problem']).toBe('its files are others');
      expect(await project.json('plugin:add', NAME, '--yes')).toMatchObject({ changed: true, source: './vendor/text' });
      expect((await run(project)).code).toBe(0);
    });

    it('refuses what comes with kb, what is a folder of the project, and what is no plugin', async () => {
      const project = newProject({ 'node_modules/left/package.json': '{ "name": "left", "version": "1.0.0" }', 'node_modules/@kb-labs/commit-plugin/package.json': '{ "name": "@kb-labs/commit-plugin" }' });
      expect(await project.kb('plugin:add', 'left', '--yes')).toMatchObject({ code: 2, stderr: expect.stringContaining('names no manifest') as string });
      copyTo(join(project.dir, 'text'));
      project.write('.kb/kb.config.yaml', 'plugins: [text]\n');
      expect(await project.kb('plugin:add', './text', '--yes')).toMatchObject({ code: 2, stderr: expect.stringContaining('is a folder of this project') as string });
      edit<{ name: string }>(join(project.dir, 'text/package.json'), (described) => (described.name = '@kb-labs/commit-plugin'));
      edit<{ id: string }>(join(project.dir, 'text/dist/kb.plugin.json'), (manifest) => (manifest.id = '@kb-labs/commit-plugin'));
      project.write('.kb/kb.config.yaml', '{}\n');
      expect(await project.kb('plugin:add', './text', '--yes')).toMatchObject({ code: 2, stderr: expect.stringContaining('comes with kb') as string });
      for (const odd of ['--yes', '-g', 'git+https://example.com/x', 'file:x', 'a@--global', '@acme/x@file:../y', './none']) expect((await project.kb('plugin:add', '--yes', '--', odd)).code, odd).toBe(2);
      expect(existsSync(join(project.dir, '.kb/plugins.lock'))).toBe(false);
    });
  });

  describe('a plugin that changed', () => {
    it('is refused by one byte: in a command, in a run, when documents are checked, and by a daemon that had used it', async () => {
      const project = withInstalled();
      await project.kb('plugin:add', NAME, '--yes', '--trust');
      const daemon = await DaemonProcess.start(project);
      try {
        expect((await run(project)).code).toBe(0);
        flip(join(project.dir, 'node_modules', NAME, 'dist/count.js'));
        const throughDaemon = await run(project);
        expect([throughDaemon.code, throughDaemon.stdout]).toEqual([expect.any(Number), expect.stringContaining('PLUGIN_CHANGED')]);
        expect(throughDaemon.code).not.toBe(0);
        expect((await project.json<{ items: InstalledPlugin[] }>('plugin:list')).items.find(({ id }) => id === NAME)?.problem).toContain('its files are others');
      } finally {
        await daemon.kill('SIGTERM');
      }
      const command = await project.kb('text:count', '--glob=*.txt', '--json');
      expect([command.code, lastLine<Failure>(command.stdout).code]).toEqual([4, 'PLUGIN_CHANGED']);
      const alone = await run(project);
      expect([alone.code === 0, alone.stdout.includes('PLUGIN_CHANGED')]).toEqual([false, true]);
      expect(await project.json('workflow:validate')).toMatchObject({ diagnostics: [{ code: 'PLUGIN_CHANGED' }] });
      expect((await project.kb('doctor')).stdout).toContain(`kb plugin:add ${NAME}`);
    });

    it('is accepted after its version and what it asks for beyond were shown, and pinned by the range of a step', async () => {
      const project = withInstalled();
      await project.kb('plugin:add', NAME, '--yes', '--trust');
      release('0.2.0', (manifest) => {
        for (const command of manifest.commands) command.permissions = { fs: { read: ['*.txt'] }, network: ['collect.example'] };
      });
      installRelease(project, '0.2.0');
      const command = await project.kb('text:count', '--json');
      expect(lastLine<Failure>(command.stdout).message).toContain('0.1.0 was added, and 0.2.0 is here; it asks for more: text:count: reach collect.example');
      const shown = await project.kb('plugin:add', NAME);
      expect(shown.code).toBe(4);
      for (const line of ['version 0.1.0 → 0.2.0', '+ text:count: reach collect.example', '+ text:count: read the files *.txt', '- text:count: read the files **', '- trusted']) expect(shown.stderr).toContain(line);
      expect(await project.json('plugin:add', NAME, '--yes')).toMatchObject({ version: '0.2.0', trusted: false });

      for (const [range, code] of [['^0.2', undefined], ['~0.2.0', undefined], ['^0.1', 'PLUGIN_VERSION']] as const) {
        project.write('.kb/workflows/count.yml', countLines(`${NAME}@${range}/text:count`));
        const { diagnostics } = await project.json<{ diagnostics: { code: string }[] }>('workflow:validate');
        expect(diagnostics.map((one) => one.code), range).toEqual(code === undefined ? [] : [code]);
      }
      project.write('.kb/workflows/count.yml', countLines(`${NAME}@^0.2/text:count`));
      expect((await run(project)).code).toBe(0);
    });
  });

  describe('plugin:remove', () => {
    it('takes it out of the lock, and says how to uninstall it', async () => {
      const project = withInstalled();
      await project.kb('plugin:add', NAME, '--yes');
      expect(await project.kb('plugin:remove', NAME)).toMatchObject({ code: 0, stderr: expect.stringContaining('npm uninstall') as string });
      expect((await run(project)).stdout).toContain('PLUGIN_NOT_TRUSTED');
      expect(await project.kb('plugin:remove', NAME)).toMatchObject({ code: 5, stderr: expect.stringContaining('PLUGIN_NOT_ADDED') as string });
    });
  });

  describe('a plugin that is in the lock and not installed', () => {
    it('is told', async () => {
      const project = withInstalled();
      await project.kb('plugin:add', NAME, '--yes');
      rmSync(join(project.dir, 'node_modules', NAME), { recursive: true });
      expect((await project.kb('plugin:list')).stdout).toContain('it was added as 0.1.0 and is not installed');
      expect(await project.json('workflow:validate')).toMatchObject({ diagnostics: [{ code: 'UNKNOWN_PLUGIN', hint: 'install the packages of the project' }] });
    });
  });

  describe('plugin:validate', () => {
    it.each<readonly [string, (folder: string) => void, string, string]>([
      ['a manifest that is older than its source', (folder) => writeFileSync(join(folder, 'src/plugin.ts'), readFileSync(join(folder, 'src/plugin.ts'), 'utf8').replace("default('**/*.md')", "default('**/*.txt')")), 'dist/kb.plugin.json', 'it is not what src/plugin.ts says: text:count'],
      ['a handler that is not there', (folder) => rmSync(join(folder, 'dist/count.js')), 'dist/kb.plugin.json: text:count handler', 'it is not there'],
      ['a handler that is no function', (folder) => writeFileSync(join(folder, 'dist/count.js'), 'export default 1;'), 'dist/kb.plugin.json: text:count handler', 'default is not a function'],
      ['a handler that cannot be loaded', (folder) => writeFileSync(join(folder, 'dist/count.js'), 'throw new Error("no");'), 'dist/kb.plugin.json: text:count handler', 'it cannot be loaded: no'],
      ['a handler that ends the process', (folder) => writeFileSync(join(folder, 'dist/count.js'), 'process.exit(3);'), '.', 'ended with 3'],
      ['a version of its own', (folder) => edit<Described>(join(folder, 'package.json'), (described) => (described.version = '9.9.9')), 'dist/kb.plugin.json', 'it says version 0.1.0, and package.json 9.9.9'],
      ['no README', (folder) => rmSync(join(folder, 'README.md')), 'README.md', 'it is missing'],
      ['a manifest that is not published', (folder) => edit<{ files: string[] }>(join(folder, 'package.json'), (described) => (described.files = ['lib'])), 'package.json: files', 'is not among them'],
      ['permissions that cannot fit', (folder) => edit<Manifest>(join(folder, 'dist/kb.plugin.json'), ({ commands: [command] }) => { if (command !== undefined) command.permissions = { network: ['https://example.com/x'] }; }), 'dist/kb.plugin.json: text:count permissions', '"https://example.com/x" is no name of a host'],
      ['a schema that is none', (folder) => edit<{ commands: { input: object }[] }>(join(folder, 'dist/kb.plugin.json'), ({ commands: [command] }) => { if (command !== undefined) command.input = { type: 'strange' }; }), 'dist/kb.plugin.json: text:count input', 'it is no JSON Schema'],
      ['a link out of it', (folder) => symlinkSync('/etc/passwd', join(folder, 'passwd')), '.', 'leads out of the package'],
      ['no manifest', (folder) => rmSync(join(folder, 'dist/kb.plugin.json')), 'dist/kb.plugin.json', 'build the plugin'],
      ['no package', (folder) => rmSync(join(folder, 'package.json')), 'package.json', 'cannot be read'],
    ])('finds %s', async (_, spoil, place, problem) => {
      const project = newProject();
      const folder = copyTo(join(project.dir, 'text'));
      spoil(folder);
      const { code, stdout } = await project.kb('plugin:validate', 'text', '--json');
      const { problems } = JSON.parse(stdout) as { problems: { severity: string; place: string; problem: string; hint: string }[] };
      expect(problems).toContainEqual({ severity: 'error', place, problem: expect.stringContaining(problem) as string, hint: expect.any(String) as string });
      expect(code).toBe(1);
    });

    it('does not load the code of a package that is not trusted', async () => {
      const project = withInstalled();
      await project.kb('plugin:add', NAME, '--yes');
      writeFileSync(join(project.dir, 'node_modules', NAME, 'dist/count.js'), 'process.exit(3);');
      expect((await project.kb('plugin:validate', NAME)).stdout).toContain('its code was not loaded: it is not trusted');
    });
  });
});
