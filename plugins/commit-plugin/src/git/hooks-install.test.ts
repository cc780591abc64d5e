import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import hooksInstall from './hooks-install.js';
import { makeRepository, type Repository } from './repository.fixture.js';

let repository: Repository;
beforeEach(() => {
  repository = makeRepository();
});
afterEach(() => repository.dispose());

const BLOCK = /^# >>> kb git:hooks-install >>>\nfor kb_hook in [^\n]*\/kb-push-hooks\/\*; do [^\n]* post-commit "\$@" [^\n]*\n# <<< kb git:hooks-install <<<\n/m;

async function states({ uninstall = false, merges = false, workspace = repository.root } = {}): Promise<string[]> {
  using ctx = repository.ctx({ workspace });
  const { hooks } = await hooksInstall({ uninstall, merges }, ctx);
  return hooks.map(({ state }) => state);
}

const read = (path: string): string => readFileSync(join(repository.root, path), 'utf8');
/** Notes that the hook has left: nothing carries them out here. */
const notes = (folder = repository.root): string[] => {
  const spool = join(folder, '.kb/state/pushes');
  return existsSync(spool) ? readdirSync(spool).filter((name) => name.endsWith('.push')).map((name) => readFileSync(join(spool, name), 'utf8')) : [];
};

describe('git:hooks-install', () => {
  it('notes each commit at a branch, and nothing else', async () => {
    repository.write('.kb/workflows/a.yml', 'on: { push: {} }\n');
    expect(await states()).toEqual(['installed', 'absent']);
    expect(read('.git/hooks/post-commit')).toMatch(BLOCK);
    // What would carry them out is not here.
    repository.write('.kb/state/pushes/.watched', `${String(process.pid)}\n`);
    const sha = repository.commit();
    expect(notes()).toEqual([`refs/heads/main\n${sha}\n\n`]);
    expect(repository.git('status', '--short')).toBe('');
    repository.git('checkout', '--quiet', '--detach');
    repository.commit();
    expect(notes()).toHaveLength(1);
    repository.git('checkout', '--quiet', 'main');
    execFileSync('git', ['commit', '--quiet', '--allow-empty', '--message=of a step'], { cwd: repository.root, env: { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null', KB_STEP_TOKEN: 'x' } });
    expect(notes()).toHaveLength(1);
  });

  it('says from where a merge has come, if merges are to count', async () => {
    await states({ merges: true });
    const before = repository.commit();
    repository.git('checkout', '--quiet', '-b', 'feature');
    repository.commit('one');
    const sha = repository.commit('two');
    repository.git('checkout', '--quiet', 'main');
    repository.write('.kb/workflows/a.yml', 'on: { push: {} }\n');
    repository.write('.kb/state/pushes/.watched', `${String(process.pid)}\n`);
    repository.git('merge', '--quiet', 'feature');
    expect(notes()).toContain(`refs/heads/main\n${sha}\n${before}\n`);
    const count = notes().length;
    expect(await states()).toEqual(['unchanged', 'removed']);
    repository.git('merge', '--quiet', '--no-ff', '--no-edit', 'feature^');
    repository.git('reset', '--quiet', '--hard', before);
    repository.git('merge', '--quiet', 'feature');
    expect(notes()).toHaveLength(count);
  });

  it('puts nothing in the way of scripts that end early, and leaves them as they were', async () => {
    const own = '#!/usr/bin/env bash\nset -e\nexit 0\n';
    repository.write('.git/hooks/post-commit', own);
    chmodSync(join(repository.root, '.git/hooks/post-commit'), 0o755);
    await states();
    expect(read('.git/hooks/post-commit').split('\n')[0]).toBe('#!/usr/bin/env bash');
    expect(read('.git/hooks/post-commit')).toMatch(BLOCK);
    expect(await states()).toEqual(['unchanged', 'absent']);
    expect(await states({ uninstall: true })).toEqual(['removed', 'absent']);
    expect(read('.git/hooks/post-commit')).toBe(own);
    expect(existsSync(join(repository.root, '.git/hooks/post-merge'))).toBe(false);
    expect(readdirSync(join(repository.root, '.git/kb-push-hooks'))).toEqual([]);
  });

  it('sets aside what is no script of a shell, runs it if git would have, and puts it back', async () => {
    repository.write('tool.js', `#!${process.execPath}\nrequire('node:fs').writeFileSync('ran', '');\n`);
    chmodSync(join(repository.root, 'tool.js'), 0o755);
    symlinkSync('../../tool.js', join(repository.root, '.git/hooks/post-commit'));
    repository.write('.git/hooks/post-merge', '#!/bin/sh\nexit 1\n');
    await states({ merges: true });
    repository.commit();
    expect(existsSync(join(repository.root, 'ran'))).toBe(true);
    // It was no program before: it is not made one.
    expect(read('.git/hooks/post-merge')).toContain('before-kb');
    expect(await states({ uninstall: true })).toEqual(['removed', 'removed']);
    expect(read('.git/hooks/post-commit')).toContain('writeFileSync');
    expect(read('.git/hooks/post-merge')).toBe('#!/bin/sh\nexit 1\n');
  });

  it('goes where the repository has its hooks, and not where the account has them', async () => {
    repository.git('config', 'core.hooksPath', '.githooks');
    await states();
    expect(read('.githooks/post-commit')).toMatch(BLOCK);
    repository.git('config', 'core.hooksPath', '.husky/_');
    repository.write('.husky/post-commit', 'echo mine\n');
    await states();
    expect(read('.husky/post-commit')).toMatch(BLOCK);
    expect(read('.husky/post-commit')).toContain('echo mine');
    expect(existsSync(join(repository.root, '.husky/_/post-commit'))).toBe(false);
    expect(await states({ uninstall: true })).toEqual(['removed', 'absent']);
    expect(read('.husky/post-commit')).toBe('echo mine\n');
    repository.git('config', '--unset', 'core.hooksPath');
    repository.write('global.ini', '[core]\n\thooksPath = /somewhere\n');
    using ctx = repository.ctx({ env: { GIT_CONFIG_GLOBAL: join(repository.root, 'global.ini') } });
    await expect(hooksInstall({ uninstall: false, merges: false }, ctx)).rejects.toMatchObject({ code: 'HOOKS_ELSEWHERE' });
  });

  it("finds a project that is a part of its repository, whatever it is called", async () => {
    const project = join(repository.root, "it's a part");
    repository.write("it's a part/.kb/workflows/a.yml", 'on: { push: {} }\n');
    await states({ workspace: project });
    repository.write("it's a part/.kb/state/pushes/.watched", `${String(process.pid)}\n`);
    const sha = repository.commit();
    expect(notes(project)).toEqual([`refs/heads/main\n${sha}\n\n`]);
    // Another one beside it is told as well, and goes on being told when this one is not any more.
    await states();
    repository.write('.kb/workflows/a.yml', 'on: { push: {} }\n');
    repository.write('.kb/state/pushes/.watched', `${String(process.pid)}\n`);
    repository.commit();
    expect([notes(project).length, notes().length]).toEqual([2, 1]);
    expect(await states({ uninstall: true, workspace: project })).toEqual(['unchanged', 'absent']);
    repository.commit();
    expect([notes(project).length, notes().length]).toEqual([2, 2]);
    expect(await states({ uninstall: true })).toEqual(['removed', 'absent']);
    expect(existsSync(join(repository.root, '.git/hooks/post-commit'))).toBe(false);
  });

  it('runs nothing that a branch brings along', async () => {
    repository.commit();
    await states({ merges: true });
    repository.git('checkout', '--quiet', '-b', 'evil');
    for (const path of ['.kb/state/pushes/hook', 'kb-push-hooks/x', '.kb/state/pushes/project-']) {
      repository.write(path, '#!/bin/sh\n: > ran\n');
      chmodSync(join(repository.root, path), 0o755);
      repository.git('add', '--force', '--', path);
    }
    repository.git('-c', 'core.hooksPath=/dev/null', 'commit', '--quiet', '--message=evil');
    repository.git('checkout', '--quiet', 'main', '--');
    repository.git('merge', '--quiet', 'evil');
    repository.commit();
    expect(existsSync(join(repository.root, 'ran'))).toBe(false);
  });
});
