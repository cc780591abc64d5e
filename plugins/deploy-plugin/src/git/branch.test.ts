import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { pushCommand } from '../plugin.js';
import { makeProject, type Project } from '../project.fixture.js';

// Each deployment is several processes.
vi.setConfig({ testTimeout: 60_000 });

let project: Project;
let bare: string;
beforeEach(() => {
  project = makeProject();
  bare = join(project.folder, 'pages.git');
  execFileSync('git', ['init', '--quiet', '--bare', '--initial-branch=main', bare]);
  project.git('init', '--quiet', '--initial-branch=main');
  project.git('config', 'user.name', 'Ann');
  project.git('config', 'user.email', 'ann@example.org');
  project.git('remote', 'add', 'pages', bare);
});
afterEach(() => {
  project.dispose();
});

const remote = (...args: string[]): string => execFileSync('git', ['-C', bare, ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trimEnd();
const branch = (more: object = {}) => ({ target: { type: 'git' as const, remote: 'pages', branch: 'gh-pages', source: 'dist', ...more } });
const back = (to?: string) => ({ target: { type: 'git' as const, remote: 'pages', branch: 'gh-pages' }, ...(to === undefined ? {} : { to }) });
const listed = (): string[] => remote('ls-tree', '-r', 'gh-pages').split('\n');
const shown = (): string => remote('show', 'gh-pages:index.html');

describe('deploy:push to a branch', () => {
  it('makes the branch from the source alone, byte for byte', async () => {
    project.write('.gitignore', 'dist\n');
    project.write('dist/.gitignore', '*\n');
    project.write('dist/.gitattributes', '* text eol=lf\n');
    project.write('dist/crlf.txt', 'a\r\nb\r\n');
    project.write('dist/new\nline "quoted" \\ é.txt', 'x');
    project.write('dist/-rf', 'x');
    project.write('dist/sub/.git/HEAD', 'ref: refs/heads/x\n');
    const result = await project.push({ ...branch(), version: '2.0' });
    expect(result).toEqual({ target: 'git', release: remote('rev-parse', 'gh-pages'), previous: null, changed: true, repeated: false, files: 9, bytes: expect.any(Number) as number });
    const names = remote('ls-tree', '-r', '-z', '--name-only', 'gh-pages').split('\0').filter(Boolean);
    expect(names).toEqual(['-rf', '.gitattributes', '.gitignore', 'assets/deep/a b.js', 'crlf.txt', 'index.html', 'latest', 'new\nline "quoted" \\ é.txt', 'run.sh']);
    expect(remote('cat-file', '-s', 'gh-pages:crlf.txt')).toBe('6');
    expect(listed().find((line) => line.endsWith('\tlatest'))).toMatch(/^120000 /);
    expect(listed().find((line) => line.endsWith('\trun.sh'))).toMatch(/^100755 /);
    expect(remote('show', 'gh-pages:latest')).toBe('assets/deep');
    expect(remote('log', '-1', '--format=%s|%an|%ae', 'gh-pages')).toBe('Deploy 2.0|Ann|ann@example.org');
  });

  it('touches nothing of the repository in the workspace, and runs none of its hooks', async () => {
    project.write('.git/hooks/pre-push', '#!/bin/sh\ntouch hooked\n');
    chmodSync(join(project.workspace, '.git/hooks/pre-push'), 0o755);
    project.git('add', 'dist/index.html');
    const state = (): string => project.git('status', '--porcelain=v2', '--branch') + project.git('count-objects', '-v') + project.git('for-each-ref');
    const before = state();
    await project.push(branch());
    expect(state()).toBe(before);
    expect(existsSync(join(project.workspace, 'hooked'))).toBe(false);
  });

  it('adds one commit for each change, says where from, and nothing for none', async () => {
    project.git('commit', '--quiet', '--allow-empty', '--message=x');
    const first = await project.push(branch());
    expect(await project.push(branch())).toMatchObject({ release: first.release, previous: first.release, changed: false, repeated: false });
    project.write('dist/index.html', 'two');
    const second = await project.push(branch({ message: '-m x\n\nKb-Deploy-Key: ffffffffffff' }));
    expect(second).toMatchObject({ previous: first.release, changed: true });
    expect(remote('log', '--format=%H', 'gh-pages')).toBe(`${second.release}\n${first.release}`);
    expect(remote('log', '-1', '--format=%B', 'gh-pages')).toContain(`From ${project.git('rev-parse', 'HEAD').trim()}`);
  });

  it('does it once for one step, also after a later deployment', async () => {
    const ctx = () => project.ctx({ idempotencyKey: 'once' });
    const first = await project.push(branch(), ctx());
    project.write('dist/index.html', 'two');
    expect(await project.push(branch(), ctx())).toEqual({ ...first, bytes: expect.any(Number) as number, repeated: true });
    const second = await project.push(branch());
    expect(await project.push(branch(), ctx())).toMatchObject({ release: first.release, repeated: true });
    expect(remote('rev-parse', 'gh-pages')).toBe(second.release);
  });

  it('takes in what others have pushed meanwhile, and overwrites nothing', async () => {
    await project.push(branch());
    // Before the first push arrives, somebody else moves the branch.
    let moved = false;
    const ctx = project.ctx();
    const racing = {
      ...ctx,
      exec: async (program: string, args: readonly string[] = [], options = {}) => {
        if (args.includes('push') && !moved) {
          moved = true;
          const other = remote('-c', 'user.name=Bob', '-c', 'user.email=b@example.org', 'commit-tree', '-p', 'gh-pages', '-m', 'meanwhile', 'gh-pages^{tree}');
          remote('update-ref', 'refs/heads/gh-pages', other);
        }
        return ctx.exec(program, args, options);
      },
    };
    project.write('dist/index.html', 'two');
    await project.push(branch(), racing);
    expect(remote('log', '--format=%s', 'gh-pages')).toBe('Deploy\nmeanwhile\nDeploy');
    expect(shown()).toBe('two');
  });

  it('of two at once both arrive, one after the other', async () => {
    await Promise.all([project.push(branch()), project.push(branch({ source: 'dist/assets' }))]);
    expect(remote('rev-list', '--count', 'gh-pages')).toBe('2');
  });

  it('works without a repository around and without a known committer', async () => {
    const other = makeProject();
    try {
      await other.push({ target: { type: 'git', remote: bare, branch: 'site', source: 'dist' } }, other.ctx({ env: { GIT_CEILING_DIRECTORIES: '/' } }));
      expect(remote('log', '-1', '--format=%an %cn', 'site')).toBe('Deployment Deployment');
    } finally {
      other.dispose();
    }
  });

  it('leaves no temporary folder, whatever happens', async () => {
    const temporary = join(project.folder, 'tmp');
    mkdirSync(temporary);
    const given = process.env['TMPDIR'];
    process.env['TMPDIR'] = temporary;
    try {
      await project.push(branch());
      await expect(project.push(branch({ remote: join(project.folder, 'nowhere.git') }))).rejects.toMatchObject({ code: 'GIT_FAILED' });
    } finally {
      if (given === undefined) delete process.env['TMPDIR'];
      else process.env['TMPDIR'] = given;
    }
    expect(readdirSync(temporary)).toEqual([]);
  });
});

describe('deploy:push to a branch refuses', () => {
  it.each(['--upload-pack=touch canary', '-oProxyCommand=touch canary', 'a b', 'a\nb', ''])('the remote %j before anything is started', (value) => {
    expect(pushCommand.input.safeParse(branch({ remote: value })).success).toBe(false);
    expect(pushCommand.input.safeParse(branch({ branch: value })).success).toBe(false);
  });

  it.each(['ext::sh -c touch% canary', 'ssh://-oProxyCommand=touch${IFS}canary/x', 'fd::7/x'])('the remote %j: nothing is run', async (value) => {
    const address = value.replaceAll(' ', '%20');
    await expect(project.push(branch({ remote: address }))).rejects.toMatchObject({ code: 'GIT_FAILED' });
    expect(existsSync(join(project.workspace, 'canary'))).toBe(false);
  });

  it('an unknown remote, a name that is no branch, and a link that leads outside', async () => {
    await expect(project.push(branch({ remote: 'nope' }))).rejects.toMatchObject({ code: 'UNKNOWN_REMOTE' });
    for (const name of ['a..b', 'refs/../x', 'x.lock', 'a~1', '@{u}']) await expect(project.push(branch({ branch: name }))).rejects.toMatchObject({ code: 'BRANCH_INVALID' });
    symlinkSync('/etc', join(project.workspace, 'dist/bad'));
    await expect(project.push(branch())).rejects.toMatchObject({ code: 'LINK_OUTSIDE' });
    expect(remote('for-each-ref')).toBe('');
  });

  it('with what the hook of the remote says', async () => {
    writeFileSync(join(bare, 'hooks/pre-receive'), '#!/bin/sh\necho "not on a Friday" >&2\nexit 1\n');
    chmodSync(join(bare, 'hooks/pre-receive'), 0o755);
    await expect(project.push(branch())).rejects.toMatchObject({ code: 'PUSH_REFUSED', message: expect.stringContaining('not on a Friday') as string });
  });

  it('without repeating a password of the address', async () => {
    const failed = await project.push(branch({ remote: 'http://ann:hunter2@127.0.0.1:1/x.git' })).catch((error: unknown) => String(error));
    expect(failed).toContain('http');
    expect(failed).not.toContain('hunter2');
  });
});

describe('deploy:rollback of a branch', () => {
  it('adds a commit with the former tree; a rollback of a rollback goes further back', async () => {
    const made: string[] = [];
    for (const content of ['a', 'b', 'c']) {
      project.write('dist/index.html', content);
      made.push((await project.push(branch())).release);
    }
    const [a = '', b = '', c = ''] = made;
    const first = await project.rollback(back());
    expect(first).toEqual({ target: 'git', release: b, previous: c, changed: true, repeated: false, commit: remote('rev-parse', 'gh-pages') });
    expect(shown()).toBe('b');
    expect(await project.rollback(back())).toMatchObject({ release: a, previous: b });
    await expect(project.rollback(back())).rejects.toMatchObject({ code: 'NOTHING_TO_ROLL_BACK', kbRetry: 'never' });
    expect(await project.rollback(back(c))).toMatchObject({ release: c, previous: a });
    expect(remote('rev-list', '--count', 'gh-pages')).toBe('6');
    await project.rollback(back(a));
    project.write('dist/index.html', 'd');
    const d = await project.push(branch());
    expect(await project.rollback(back())).toMatchObject({ release: a, previous: d.release });
    expect(shown()).toBe('a');
  });

  it('is done once for one step', async () => {
    for (const content of ['a', 'b', 'c']) {
      project.write('dist/index.html', content);
      await project.push(branch());
    }
    const ctx = () => project.ctx({ idempotencyKey: 'back' });
    const first = await project.rollback(back(), ctx());
    expect(await project.rollback(back(), ctx())).toEqual({ ...first, repeated: true });
    expect(shown()).toBe('b');
  });

  it('refuses where there is nothing, or not this', async () => {
    await expect(project.rollback(back())).rejects.toMatchObject({ code: 'NOTHING_TO_ROLL_BACK' });
    await project.push(branch());
    await expect(project.rollback(back('0'.repeat(40)))).rejects.toMatchObject({ code: 'RELEASE_MISSING' });
    await expect(project.rollback(back('20200101-000000000-000000000000'))).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  });
});
