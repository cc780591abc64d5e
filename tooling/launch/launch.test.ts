import { once } from 'node:events';
import { renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { makeClone, type Clone } from './fixture.js';

let clone: Clone;
afterEach(() => clone.remove());

async function builtClone(): Promise<Clone> {
  clone = makeClone();
  expect(await clone.launch('kb.sh', ['first'])).toMatchObject({ code: 0 });
  clone.calls();
  return clone;
}

describe('a fresh clone', () => {
  it('is installed and built, with stdout left to the CLI', async () => {
    clone = makeClone();
    const { code, stdout, stderr } = await clone.launch('kb.sh', ['workflow:run', '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({ args: ['workflow:run', '--json'], cwd: clone.root });
    expect(stderr).toMatch(/installing dependencies and Node [\d.]+: done in [\d.]+s\nkb: building 1 packages …\nkb: building 1 packages: done/);
    expect(clone.calls().filter((call) => !call.endsWith(' node'))).toEqual([
      `pnpm install --frozen-lockfile --prefer-offline --reporter=append-only --config.node-version=${process.versions.node}`,
      'turbo run build --ui=stream --output-logs=errors-only --filter=@kb-labs/cli',
    ]);
  });

  it('fetches the pinned pnpm with npm when none is on PATH, and once only', async () => {
    clone = makeClone({ withPnpm: false });
    expect(await clone.launch('kb.sh')).toMatchObject({ code: 0 });
    const npm = clone.calls().filter((call) => call.startsWith('npm'));
    expect(npm).toHaveLength(1);
    expect(npm[0]).toMatch(/^npm install --prefix .* pnpm@12\.0\.0$/);
    clone.write('pnpm-lock.yaml', 'changed');
    expect(await clone.launch('kb.sh')).toMatchObject({ code: 0 });
    expect(clone.calls().filter((call) => call.startsWith('npm'))).toEqual([]);
  });

  it('says what to do when the registry cannot be reached, and leaves no stamp', async () => {
    clone = makeClone();
    clone.write('offline', '');
    const { code, stdout, stderr } = await clone.launch('kb.sh');
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain('ENOTFOUND');
    expect(stderr).toContain('The package registry could not be reached');
    expect(clone.has('.bootstrap/stamp')).toBe(false);
    rmSync(join(clone.root, 'offline'));
    expect(await clone.launch('kb.sh')).toMatchObject({ code: 0 });
  });

  it('shows the end of the log of a failed build, and leaves no stamp', async () => {
    clone = makeClone();
    clone.write('break-build', '');
    const { code, stderr } = await clone.launch('kb.sh');
    expect(code).toBe(1);
    expect(stderr).toContain('  | src/main.ts: no such thing');
    expect(stderr).toContain('.bootstrap/setup.log');
    expect(clone.has('.bootstrap/stamp')).toBe(false);
  });

  it('refuses a Node that is too old with a sentence, not a stack', async () => {
    clone = makeClone();
    clone.write('old.cjs', "Object.defineProperty(process.versions, 'node', { value: '18.20.0' });");
    const { code, stderr } = await clone.launch('kb.sh', [], { env: { NODE_OPTIONS: `--require "${join(clone.root, 'old.cjs')}"` } });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^kb: this is Node 18\.20\.0; 20 or later is needed/);
    expect(stderr).not.toContain('    at ');
  });

  it('is set up once when two start at the same time', async () => {
    clone = makeClone();
    // The first one is still building when the second one comes, and until that one has said that it waits.
    clone.write('slow-build', '');
    const first = clone.launch('kb.sh', ['a']);
    const calls: string[] = [];
    await untilFound(() => {
      calls.push(...clone.calls());
      return calls.find((call) => call.startsWith('turbo pid'));
    });
    const second = clone.start('kb.sh', ['b']);
    let said = '';
    second.stderr?.setEncoding('utf8').on('data', (chunk: string) => (said += chunk));
    second.stdout?.resume();
    second.stdin?.end();
    const ended = once(second, 'close');
    await untilFound(() => /waiting for another setup of this folder \(process \d+\)/.exec(said)?.[0]);
    rmSync(join(clone.root, 'slow-build'));
    expect([(await first).code, (await ended)[0]]).toEqual([0, 0]);
    calls.push(...clone.calls());
    expect(calls.filter((call) => call.startsWith('pnpm'))).toHaveLength(1);
  });

  it('takes over from a setup that died', async () => {
    clone = makeClone();
    clone.write('.bootstrap/lock/owner', '999999999 gone');
    expect(await clone.launch('kb.sh')).toMatchObject({ code: 0 });
    expect(clone.has('.bootstrap/lock')).toBe(false);
  });

  it.each([
    ['Ctrl-C in the terminal', 'SIGINT', -1],
    ['a signal to the shell alone', 'SIGTERM', 1],
  ] as const)('interrupted by %s it ends its commands and leaves neither stamp nor lock', async (_, signal, sign) => {
    clone = makeClone();
    clone.write('slow-build', '');
    const child = clone.start('kb.sh');
    const turbo = await untilFound(() => /^turbo pid (\d+)$/m.exec(clone.calls().join('\n'))?.[1]);
    if (child.pid !== undefined) process.kill(sign * child.pid, signal);
    await once(child, 'close');
    await untilFound(() => (isAlive(Number(turbo)) || clone.has('.bootstrap/lock') ? undefined : true));
    expect(clone.has('.bootstrap/stamp')).toBe(false);
  });
});

describe('a built clone', () => {
  it('starts one Node and nothing else', async () => {
    await builtClone();
    expect(await clone.launch('kb.sh', ['x'])).toMatchObject({ code: 0, stderr: '' });
    expect(clone.calls()).toEqual(['pinned node']);
  });

  it.each<[string, () => void]>([
    ['a source is edited', () => clone.write('packages/one/src/index.ts', 'edited')],
    ['a source is added', () => clone.write('packages/one/src/deep/more.ts', '')],
    ['a source is removed', () => rmSync(join(clone.root, 'packages/one/src/index.ts'))],
    ['a source is replaced by an older file', replaceByOlder],
    ['a package is added', () => clone.write('packages/two/package.json', '{"name":"@kb-labs/two"}')],
    ['a package is removed', () => rmSync(join(clone.root, 'packages/one'), { recursive: true })],
    ['a package.json is edited', () => clone.write('packages/one/package.json', '{"name":"@kb-labs/one","version":"1.0.0"}')],
    ['a build configuration is edited', () => clone.write('apps/cli/tsup.config.mjs', '')],
    ['the shared build configuration is edited', () => clone.write('tooling/tsup/library.mjs', 'edited')],
    ['the lockfile is edited', () => clone.write('pnpm-lock.yaml', 'edited')],
    ['the output is removed', () => rmSync(join(clone.root, 'apps/cli/dist'), { recursive: true })],
    ['the pinned Node is removed', () => rmSync(join(clone.root, 'node_modules'), { recursive: true })],
  ])('is built again when %s', async (_, change) => {
    await builtClone();
    change();
    expect(await clone.launch('kb.sh')).toMatchObject({ code: 0 });
    expect(clone.calls().filter((call) => call.startsWith('turbo'))).toHaveLength(1);
    expect(await clone.launch('kb.sh')).toMatchObject({ code: 0 });
    expect(clone.calls()).toEqual(['pinned node']);
  });

  it.each<[string, () => void]>([
    ['a test is edited', () => clone.write('packages/one/src/deep/index.test.ts', 'edited')],
    ['a build writes its output', () => clone.write('packages/one/dist/index.js', '')],
    ['a document is edited', () => clone.write('packages/one/README.md', 'edited')],
  ])('stays built when %s', async (_, change) => {
    await builtClone();
    change();
    expect(await clone.launch('kb.sh')).toMatchObject({ code: 0 });
    expect(clone.calls()).toEqual(['pinned node']);
  });

  it('installs again only when what is to be installed changed', async () => {
    await builtClone();
    clone.write('packages/one/src/index.ts', 'edited');
    await clone.launch('kb.sh');
    expect(clone.calls().filter((call) => call.startsWith('pnpm'))).toEqual([]);
    clone.write('pnpm-lock.yaml', 'edited');
    await clone.launch('kb.sh');
    expect(clone.calls().filter((call) => call.startsWith('pnpm'))).toHaveLength(1);
  });

  it('hands over every argument byte for byte', async () => {
    await builtClone();
    const args = ['', ' ', 'two words', `it's "quoted"`, '$HOME `id` $(id) \\n', 'line\nbreak\n', '*', '--', '-n', 'ünï→', '\t'];
    const { stdout } = await clone.launch('kb.sh', args);
    expect(JSON.parse(stdout)).toMatchObject({ args });
  });

  it('runs in the folder the user is in, whoever calls it', async () => {
    await builtClone();
    const sub = join(clone.root, 'packages/one');
    const cwdOf = async (...launch: Parameters<Clone['launch']>): Promise<unknown> => {
      const { cwd } = JSON.parse((await clone.launch(...launch)).stdout) as { cwd: unknown };
      return cwd;
    };
    expect(await cwdOf('kb.sh', [], { env: { INIT_CWD: sub, npm_lifecycle_event: 'kb' } })).toBe(sub);
    expect(await cwdOf('kb.sh', [], { cwd: sub })).toBe(sub);
    // Called by somebody else's script: INIT_CWD is where that was started.
    expect(await cwdOf('kb.sh', [], { env: { INIT_CWD: sub, npm_lifecycle_event: 'test' } })).toBe(clone.root);
  });

  it('hands over stdin and the exit code', async () => {
    await builtClone();
    expect(await clone.launch('kb.sh', ['stdin'], { input: 'text\n' })).toMatchObject({ code: 0, stdout: 'text\n' });
    expect(await clone.launch('kb.sh', ['exit'])).toMatchObject({ code: 42 });
  });

  it('is the same process as the CLI, so a signal reaches it', async () => {
    await builtClone();
    const child = clone.start('kb.sh', ['wait']);
    const [said] = (await once(child.stdout ?? child, 'data')) as [Buffer];
    expect(String(said)).toBe(`waiting ${String(child.pid)}\n`);
    child.kill('SIGTERM');
    await once(child, 'close');
    expect(child.exitCode).toBe(43);
  });
});

describe('run.sh', () => {
  it('installs and builds first, then runs the tests with the arguments given', async () => {
    clone = makeClone();
    clone.write('node_modules/vitest/vitest.mjs', 'console.log(JSON.stringify([process.argv.slice(2), process.env.PATH.split(":")[0]]))');
    const { code, stdout } = await clone.launch('run.sh', ['test', 'packages/one', '-t', 'a b']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual([['run', 'packages/one', '-t', 'a b'], join(clone.root, 'node_modules/node/bin')]);
    expect(clone.calls().filter((call) => call.startsWith('turbo'))).toHaveLength(1);
  });

  it('explains itself when the task is unknown', async () => {
    clone = makeClone();
    expect(await clone.launch('run.sh', ['tset'])).toMatchObject({ code: 2, stderr: expect.stringContaining('usage') as unknown });
  });
});

function replaceByOlder(): void {
  const path = join(clone.root, 'packages/one/src/index.ts');
  writeFileSync(`${path}.new`, 'other');
  utimesSync(`${path}.new`, 1, 1);
  renameSync(`${path}.new`, path);
}

/** Polls until something appears; the test's own limit ends a wait in vain. */
async function untilFound<T>(look: () => T | undefined): Promise<T> {
  for (;;) {
    const found = look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
