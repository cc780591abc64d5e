import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';

import { pushCommand } from '../plugin.js';
import { BUILT, makeProject, type Project, treeOf } from '../project.fixture.js';
import { FINISH, PREPARE, ROLL_BACK } from './remote-scripts.js';
import { missingForSsh, startSshd, type TestServer } from './sshd.fixture.js';

const missing = missingForSsh();
// Each connection is a key exchange and a shell.
vi.setConfig({ testTimeout: 60_000 });

let server: TestServer;
let project: Project;
let site: string;
beforeAll(async () => {
  if (missing === undefined) server = await startSshd();
});
afterAll(() => {
  if (missing === undefined) server.stop();
});
beforeEach((test) => {
  if (missing !== undefined) test.skip(missing);
  project = makeProject();
  // A name that a shell would take apart.
  site = join(project.folder, `the 'site' $(touch canary);\`x\` & "more"`);
});
afterEach(() => {
  if (missing !== undefined) return;
  expect(existsSync(join(project.workspace, 'canary'))).toBe(false);
  project.dispose();
});

const target = (more: object = {}) => ({ type: 'ssh' as const, host: '127.0.0.1', port: server.port, user: server.user, path: site, knownHosts: server.knownHosts, ...more });
const to = (more: object = {}) => ({ target: target({ source: 'dist', ...more }) as ReturnType<typeof target> & { source: string } });
const ctx = (options: Parameters<Project['ctx']>[0] = {}) => project.ctx({ secrets: { DEPLOY_SSH_KEY: server.key }, ...options });
const pushHere = () => project.push({ target: { type: 'directory', path: site, source: 'dist' } });
const push = (more: object = {}, used = ctx()) => project.push(to(more), used);
const back = (named?: string, used = ctx()) => project.rollback({ target: target(), ...(named === undefined ? {} : { to: named }) }, used);
const releases = (): string[] => readdirSync(join(site, 'releases')).sort();
const current = (): string => readlinkSync(join(site, 'current')).slice('releases/'.length);
const live = (): Record<string, string> => treeOf(join(site, 'current'));

describe('deploy:push over ssh', () => {
  it('makes a release on the server and leads "current" to it', async () => {
    chmodSync(join(project.workspace, 'dist/index.html'), 0o4644);
    project.write('dist/sub/.git/config', 'x');
    const result = await project.push({ ...to(), version: '1.0' }, ctx());
    expect(result).toMatchObject({ target: 'ssh', previous: null, changed: true, repeated: false, files: 4, bytes: 17 });
    expect(current()).toBe(result.release);
    expect(live()).toEqual(BUILT);
    expect(statSync(join(site, 'current/index.html')).mode & 0o7777).toBe(0o644);
    expect(JSON.parse(readFileSync(join(site, '.kb-deploy', `${result.release}.json`), 'utf8'))).toMatchObject({ release: result.release, version: '1.0', files: 4 });
  });

  it('takes what is the same from the release before, by contents and not by time and size', async () => {
    const at = new Date(0);
    utimesSync(join(project.workspace, 'dist/index.html'), at, at);
    const first = await push();
    project.write('dist/index.html', 'two');
    utimesSync(join(project.workspace, 'dist/index.html'), at, at);
    const second = await push();
    expect(second).toMatchObject({ previous: first.release, changed: true });
    expect(live()['index.html']).toBe('644 two');
    const inode = (release: string, path: string): number => lstatSync(join(site, 'releases', release, path)).ino;
    expect(inode(first.release, 'run.sh')).toBe(inode(second.release, 'run.sh'));
    expect(await push()).toMatchObject({ previous: second.release, changed: false });
  });

  it('keeps as many as asked', async () => {
    const made: string[] = [];
    for (let at = 0; at < 3; at += 1) made.push((await pushHere()).release);
    made.push((await push({ keep: 2 })).release);
    expect(releases()).toEqual(made.slice(2));
    expect(readdirSync(join(site, '.kb-deploy')).filter((name) => name.startsWith('lock.'))).toHaveLength(1);
  });

  it('does it once for one step, and goes on with what an earlier try has sent', async () => {
    const again = () => ctx({ idempotencyKey: 'once' });
    const cut = ctx({ idempotencyKey: 'once' });
    let scripts = 0;
    const broken = {
      ...cut,
      exec: (program: string, args: readonly string[] = [], options = {}) => {
        if (program === 'ssh') scripts += 1;
        return scripts === 2 ? Promise.resolve({ exitCode: 255, stdout: '', stderr: 'Connection reset by peer' }) : cut.exec(program, args, options);
      },
    };
    await expect(push({}, broken)).rejects.toMatchObject({ code: 'SSH_FAILED' });
    expect([existsSync(join(site, 'current')), releases().length]).toEqual([false, 1]);
    const first = await push({}, again());
    expect(first.repeated).toBe(false);
    expect(await push({}, again())).toEqual({ ...first, repeated: true });
    const second = await push();
    expect(await push({}, again())).toMatchObject({ release: first.release, repeated: true });
    expect(current()).toBe(second.release);
    expect(releases()).toEqual([first.release, second.release]);
  });

  it('finishes a switch that an earlier try has only noted', async () => {
    const first = await pushHere();
    const again = () => ctx({ idempotencyKey: 'cut' });
    const second = await push({}, again());
    // As it is left when the server goes down between note and switch.
    execFileSync('rm', [join(site, '.kb-deploy', `${second.release}.ready`)]);
    execFileSync('ln', ['-sfn', `releases/${first.release}`, join(site, 'current')]);
    expect(await push({}, again())).toMatchObject({ release: second.release, previous: first.release, repeated: false });
    expect(current()).toBe(second.release);
  });

  it('of several at once each is whole; one of them is current', async () => {
    const made = await Promise.all(Array.from({ length: 3 }, () => push()));
    expect(releases()).toEqual(made.map(({ release }) => release).sort());
    expect(releases()).toContain(current());
    expect(live()).toEqual(BUILT);
  });

  it('passes by the lock of a process that is gone', async () => {
    await pushHere();
    const [lock = ''] = readdirSync(join(site, '.kb-deploy')).filter((name) => name.startsWith('lock.'));
    writeFileSync(join(site, '.kb-deploy', lock), `held ${String(process.pid)} 1 ${hostname()}\n`);
    await push();
    expect(releases()).toHaveLength(2);
  });

  it('ends with the step when that is cancelled, and leaves what is current', async () => {
    const first = await pushHere();
    const stop = new AbortController();
    const used = ctx({ signal: stop.signal });
    const cancelling = {
      ...used,
      exec: (program: string, args: readonly string[] = [], options = {}) => {
        const running = used.exec(program, args, options);
        if (program === 'rsync') stop.abort(new Error('cancelled'));
        return running;
      },
    };
    await expect(push({}, cancelling)).rejects.toThrow('cancelled');
    expect(current()).toBe(first.release);
  });
});

describe('deploy:rollback over ssh', () => {
  it('goes back one deployment each time, and forward by name', async () => {
    const made: string[] = [];
    for (const content of ['a', 'b', 'c']) {
      project.write('dist/index.html', content);
      made.push((await pushHere()).release);
    }
    const [a = '', b = '', c = ''] = made;
    expect(await back()).toEqual({ target: 'ssh', release: b, previous: c, changed: true, repeated: false });
    const again = () => ctx({ idempotencyKey: 'back' });
    expect(await back(undefined, again())).toMatchObject({ release: a, previous: b, repeated: false });
    expect(await back(undefined, again())).toMatchObject({ release: a, previous: b, repeated: true });
    await expect(back()).rejects.toMatchObject({ code: 'NOTHING_TO_ROLL_BACK', kbRetry: 'never' });
    expect(await back(c)).toMatchObject({ release: c, previous: a });
    await expect(back('20200101-000000000-000000000000')).rejects.toMatchObject({ code: 'RELEASE_MISSING' });
    expect(live()['index.html']).toBe('644 c');
  });

  it('understands what was deployed on the machine itself, and the other way round', async () => {
    const here = await pushHere();
    const there = await push();
    expect(there.previous).toBe(here.release);
    expect(await project.rollback({ target: { type: 'directory', path: site } })).toMatchObject({ release: here.release, previous: there.release });
    expect(await back(there.release)).toMatchObject({ release: there.release, previous: here.release, changed: false });
  });

  it('refuses where nothing is deployed', async () => {
    await expect(back()).rejects.toMatchObject({ code: 'NOTHING_TO_ROLL_BACK' });
    expect(existsSync(site)).toBe(false);
  });
});

describe('a server', () => {
  it('whose key is not the known one gets nothing, not even a greeting', async () => {
    const [, type = '', ...rest] = server.knownHosts.split(' ');
    const other = `[127.0.0.1]:${String(server.port)} ${type} ${(rest[0] ?? '').replace(/.{8}\s*$/, 'AAAAAAAA')}\n`;
    for (const knownHosts of ['', '# none\n', other]) await expect(push({ knownHosts })).rejects.toMatchObject({ code: 'HOST_KEY_UNKNOWN', kbRetry: 'never' });
    await expect(push({ knownHosts: undefined })).rejects.toMatchObject({ code: 'HOST_KEY_UNKNOWN' });
    expect(existsSync(site)).toBe(false);
  });

  it('that does not know the key of the step lets nobody in; a secret that is no key is told as such', async () => {
    await expect(push({}, ctx({ secrets: { DEPLOY_SSH_KEY: server.strangerKey } }))).rejects.toMatchObject({ code: 'SSH_DENIED', kbRetry: 'never' });
    await expect(push({}, ctx({ secrets: { DEPLOY_SSH_KEY: 'swordfish' } }))).rejects.toMatchObject({ code: 'SSH_KEY_INVALID', kbRetry: 'never' });
    await expect(push({}, ctx({ secrets: {} }))).rejects.toMatchObject({ code: 'SECRET_MISSING' });
  });

  it('that runs something else than it is asked to has not deployed', async () => {
    await expect(push({}, ctx({ secrets: { DEPLOY_SSH_KEY: server.forcedKey } }))).rejects.toMatchObject({ code: 'SSH_COMMAND_FORCED', kbRetry: 'never' });
  });

  it('that does not answer is worth another try', async () => {
    await expect(push({ port: 1 })).rejects.toMatchObject({ code: 'SSH_FAILED' });
    await expect(push({ port: 1 })).rejects.not.toHaveProperty('kbRetry');
  });

  it('never sees a "current" replaced that was not made by a deployment', async () => {
    mkdirSync(join(site, 'current'), { recursive: true });
    await expect(push()).rejects.toMatchObject({ code: 'CURRENT_NOT_A_LINK', kbRetry: 'never' });
    execFileSync('rmdir', [join(site, 'current')]);
    symlinkSync('/etc', join(site, 'current'));
    await expect(push()).rejects.toMatchObject({ code: 'CURRENT_NOT_A_RELEASE' });
    expect(readlinkSync(join(site, 'current'))).toBe('/etc');
  });
});

describe('the private key', () => {
  it('is on disk only meanwhile, for this user alone, and in no argument', async () => {
    const temporary = join(project.folder, "tmp it's 50%");
    mkdirSync(temporary);
    const given = process.env['TMPDIR'];
    process.env['TMPDIR'] = temporary;
    const seen: string[] = [];
    try {
      const used = ctx();
      const watching = {
        ...used,
        exec: (program: string, args: readonly string[] = [], options = {}) => {
          seen.push(args.join(' '));
          if (program === 'ssh') {
            const [folder = ''] = readdirSync(temporary);
            expect(statSync(join(temporary, folder)).mode & 0o777).toBe(0o700);
            expect(statSync(join(temporary, folder, 'key')).mode & 0o777).toBe(0o600);
          }
          return used.exec(program, args, options);
        },
      };
      await push({}, watching);
      await expect(push({ port: 1 })).rejects.toMatchObject({ code: 'SSH_FAILED' });
      await expect(push({}, ctx({ secrets: { DEPLOY_SSH_KEY: server.strangerKey } }))).rejects.toMatchObject({ code: 'SSH_DENIED' });
    } finally {
      if (given === undefined) delete process.env['TMPDIR'];
      else process.env['TMPDIR'] = given;
    }
    expect(readdirSync(temporary)).toEqual([]);
    expect(seen.length).toBeGreaterThan(3);
    expect(seen.join(' ')).not.toContain(server.key.split('\n')[1]);
  });
});

describe('values that would be more than values', () => {
  it.each([
    { host: '-oProxyCommand=touch canary' },
    { host: 'a;touch canary' },
    { host: 'a\nb' },
    { host: 'user@host' },
    { host: 'host:path' },
    { host: 'a b' },
    { host: '' },
    { user: '-l' },
    { user: 'a@b' },
    { user: '$(touch canary)' },
    { path: 'relative' },
    { path: '/a\nb' },
    { port: 0 },
    { source: 'a\0b' },
  ])('are refused before anything is started: %j', (more) => {
    expect(pushCommand.input.safeParse(to(more)).success).toBe(false);
    expect(pushCommand.input.safeParse(to()).success).toBe(true);
  });

  it('addresses of IPv6 are hosts', () => {
    for (const host of ['::1', 'fe80::1', '2001:db8::10.0.0.1', 'web-1.example.org', 'a']) expect(pushCommand.input.safeParse(to({ host })).success, host).toBe(true);
  });
});

it.each([
  ['prepare', PREPARE],
  ['finish', FINISH],
  ['roll back', ROLL_BACK],
])('the script to %s does nothing when only a part of it arrives', (_, script) => {
  const run = (text: string): boolean => {
    try {
      execFileSync('sh', ['-s', project.site, 'a'.repeat(12), '20200101-000000000-aaaaaaaaaaaa', '{}', '2'], { input: text, cwd: project.folder, stdio: ['pipe', 'ignore', 'ignore'] });
      return true;
    } catch {
      return false;
    }
  };
  const before = readdirSync(project.folder);
  for (let at = 0; at < script.length; at += 97) run(script.slice(0, at));
  expect(run(script)).toBe(true);
  expect(readdirSync(project.folder)).toEqual(before);
});
