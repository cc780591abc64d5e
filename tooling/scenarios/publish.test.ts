import { execFileSync, spawn } from 'node:child_process';
import { existsSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';

import type { RunView } from '@kb-labs/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { publishedFolders } from '../release/pack-packages.mjs';
import { LocalRegistry } from './local-registry.fixture.js';
import { Project, repository } from './project.fixture.js';

const NAME = '@kb-example/hello-plugin';
const PATH = `${dirname(process.execPath)}${delimiter}${process.env['PATH'] ?? ''}`;
const MINUTE = 60_000;
/** What npm is set up with on this machine: another Node would look for it elsewhere. */
const MACHINE = globalConfig();


const FIRST = `id: first
permissions: { shell: true }
outputs: { greeting: "\${{ jobs.greet.outputs.greeting }}", clean: "\${{ jobs.greet.outputs.clean }}" }
jobs:
  greet:
    outputs: { greeting: "\${{ steps.say.outputs.greeting }}", clean: "\${{ steps.status.outputs.clean }}" }
    steps:
      - { id: status, uses: "@kb-labs/commit-plugin/git:status" }
      - id: say
        run: echo "greeting=Hello, Ada" >> "$KB_OUTPUT"
`;

const SECOND = `id: second
outputs: { lines: "\${{ jobs.count.outputs.lines }}" }
jobs:
  count:
    outputs: { lines: "\${{ steps.lines.outputs.lines }}" }
    steps:
      - { id: lines, uses: "${NAME}/hello:count", with: { glob: "notes.txt" } }
`;

/** Starts the example, asks it for a run, waits for its end, and ends it. */
const EMBED = `
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createClient } from '@kb-labs/client';
const service = spawn(process.execPath, ['index.mjs'], { env: { ...process.env, PORT: '0' }, stdio: ['ignore', 'pipe', 'inherit'] });
const url = await new Promise((resolve) => {
  let said = '';
  service.stdout.on('data', (chunk) => {
    said += chunk;
    const found = /listens on (\\S+)/.exec(said);
    if (found) resolve(found[1]);
  });
});
const kb = createClient({ url: url + '/kb', key: readFileSync('.kb/state/loopback.key', 'utf8').trim() });
const run = await kb.call('startRun', { body: { workflowId: 'ship-order', input: { number: 7 } } });
for await (const event of kb.follow('runEvents', { params: { id: run.id } })) void event;
console.log(JSON.stringify((await kb.call('getRun', { params: { id: run.id } })).outputs));
service.kill('SIGTERM');
const [code] = await once(service, 'exit');
process.exitCode = code;
`;

interface Described {
  readonly name: string;
  readonly exports?: Readonly<Record<string, unknown>>;
}

const published = publishedFolders(repository).map((folder) => JSON.parse(readFileSync(join(repository, folder, 'package.json'), 'utf8')) as Described);

/** Where this machine gets packages from; whatever is not ours comes from there. */
const configured = (() => {
  try {
    return execFileSync('npm', ['config', 'get', 'registry'], { encoding: 'utf8', env: { ...process.env, ...MACHINE, PATH }, stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return undefined;
  }
})();

function globalConfig(): Readonly<Record<string, string>> {
  for (const folder of PATH.split(delimiter)) {
    const prefix = /^(.*)\/lib\/node_modules\/npm\//.exec(existsSync(join(folder, 'npm')) ? realpathSync(join(folder, 'npm')) : '')?.[1];
    const file = prefix === undefined ? undefined : join(prefix, 'etc/npmrc');
    if (file !== undefined && existsSync(file)) return { npm_config_globalconfig: file };
  }
  return {};
}

function whyNot(): string | undefined {
  if (configured === undefined) return 'there is no npm';
  try {
    // npm itself is asked: it alone knows the certificates and proxies that it is set up with.
    execFileSync('npm', ['view', 'zod', 'version'], { env: { ...process.env, ...MACHINE, PATH }, stdio: 'ignore', timeout: MINUTE });
    return undefined;
  } catch {
    return 'the registry of npm cannot be reached';
  }
}
const reason = whyNot();

if (reason === undefined) describe('what is published', { timeout: 3 * MINUTE }, publishes);
else it('everything is published, installed and run', ({ skip }) => skip(reason));

function publishes(): void {
  let registry: LocalRegistry;
  let home: Project;

  beforeAll(async () => {
    registry = await LocalRegistry.start();
    home = new Project();
    // Ours come from the registry of this test, and everything else from where it comes from on this machine.
    home.write('.npmrc', `registry=${configured ?? ''}\n@kb-labs:registry=${registry.url}\n@kb-example:registry=${registry.url}\n${registry.npmrc}audit=false\nfund=false\nupdate-notifier=false\n`);
    const { said, code } = await run(process.execPath, ['tooling/release/release.mjs', '--no-git-tag'], repository);
    expect(code, said).toBe(0);
  }, 3 * MINUTE);
  afterAll(async () => {
    home.remove();
    await registry.close();
  });

  /** In a home of its own: nothing of whoever runs this test is read or written, and nobody can publish elsewhere. */
  async function run(program: string, args: readonly string[], cwd: string, env: NodeJS.ProcessEnv = {}): Promise<{ code: number | null; stdout: string; said: string }> {
    const inherited = Object.fromEntries(['NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE', 'HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy', 'NO_PROXY', 'no_proxy'].flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])));
    const child = spawn(program, args, { cwd, env: { ...inherited, ...MACHINE, ...home.env, PATH, CI: 'true', ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      stdout += chunk;
      said += chunk;
    });
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (said += chunk));
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    return { code, stdout, said };
  }

  async function ok(program: string, args: readonly string[], cwd: string): Promise<string> {
    const { code, stdout, said } = await run(program, args, cwd);
    if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${String(code)}:\n${said}`);
    return stdout;
  }

  const runOf = (text: string) => JSON.parse(text) as RunView;

  it('is every package, at its version', async () => {
    const found = await Promise.all(published.map(async ({ name }) => [name, (await fetch(`${registry.url}${name}`)).status]));
    expect(found).toEqual(published.map(({ name }) => [name, 200]));
  });

  it('is nothing anew when there is no new version', async () => {
    const { code, said } = await run(process.execPath, ['tooling/release/release.mjs', '--no-git-tag'], repository);
    expect([code, said]).toEqual([0, expect.stringContaining('No unpublished projects to publish')]);
  });

  it('runs workflows in an empty project, and takes in a plugin that somebody else has published', async () => {
    const project = new Project();
    try {
      await ok('npm', ['init', '--yes'], project.dir);
      await ok('npm', ['install', '--save-dev', '@kb-labs/cli'], project.dir);
      expect(readFileSync(join(project.dir, 'node_modules/@kb-labs/cli/dist/LICENSES.txt'), 'utf8')).toMatch(/^zod \d/m);
      const { items } = JSON.parse(await ok('npx', ['kb', 'plugin:list', '--json'], project.dir)) as { items: readonly { id: string }[] };
      expect(items.map(({ id }) => id).toSorted()).toEqual(published.map(({ name }) => name).filter((name) => name.endsWith('-plugin')).toSorted());
      await ok('npx', ['kb', 'workflow:new', 'hello'], project.dir);
      expect(runOf(await ok('npx', ['kb', 'workflow:run', '--workflow-id=hello', '--json'], project.dir))).toMatchObject({ status: 'success' });
      project.write('.gitignore', 'node_modules\n.kb/state\n');
      project.write('.kb/workflows/first.yml', FIRST);
      project.git('init', '-q');
      project.git('add', '.');
      project.git('commit', '-qm', 'one');
      const first = runOf(await ok('npx', ['kb', 'workflow:run', '--workflow-id=first', '--json'], project.dir));
      expect(first).toMatchObject({ status: 'success', outputs: { greeting: 'Hello, Ada', clean: true } });

      await ok('npx', ['kb', 'plugin:new', NAME], project.dir);
      const made = join(project.dir, 'hello-plugin');
      await ok('npm', ['install'], made);
      await ok('npm', ['run', 'build'], made);
      await ok('npm', ['publish', '--access', 'public'], made);

      project.write('.kb/workflows/second.yml', SECOND);
      project.write('notes.txt', 'one\ntwo\n');
      await ok('npx', ['kb', 'plugin:add', NAME, '--yes'], project.dir);
      expect(JSON.parse(readFileSync(join(project.dir, '.kb/plugins.lock'), 'utf8'))).toMatchObject({ plugins: { [NAME]: { source: 'package', trusted: false } } });
      const second = runOf(await ok('npx', ['kb', 'workflow:run', '--workflow-id=second', '--json'], project.dir));
      expect(second).toMatchObject({ status: 'success', outputs: { lines: 2 } });
    } finally {
      project.remove();
    }
  });

  it('can be imported by every path that it offers, and embedded', async () => {
    const project = new Project();
    try {
      project.copy('examples/embed-express', '.');
      const libraries = published.filter(({ exports }) => exports !== undefined);
      await ok('npm', ['install', ...libraries.map(({ name }) => name)], project.dir);
      // A program that runs when it is imported is none that others import.
      const paths = libraries.flatMap(({ name, exports = {} }) => Object.keys(exports).map((path) => join(name, path)).filter((path) => !path.endsWith('/handler-main')));
      writeFileSync(join(project.dir, 'import-all.mjs'), `${paths.map((path) => `await import(${JSON.stringify(path)});`).join('\n')}\nconsole.log('all of them');\n`);
      expect(await ok(process.execPath, ['import-all.mjs'], project.dir)).toBe('all of them\n');
      writeFileSync(join(project.dir, 'embed.mjs'), EMBED);
      expect(await ok(process.execPath, ['embed.mjs'], project.dir)).toContain('"label":"parcel 7"');
    } finally {
      project.remove();
    }
  });
}
