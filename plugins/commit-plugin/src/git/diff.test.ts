import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { testContext } from '@kb-labs/sdk/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { z } from 'zod';

import { diffCommand } from '../plugin.js';
import diff from './diff.js';
import { makeRepository, type Repository } from './repository.fixture.js';

let repo: Repository;
beforeEach(() => {
  repo = makeRepository();
});
afterEach(() => {
  repo.dispose();
});

async function run(input: z.input<typeof diffCommand.input> = {}, ctx = repo.ctx()): ReturnType<typeof diff> {
  const result = await diff(diffCommand.input.parse(input), ctx);
  expect(diffCommand.output.parse(result)).toEqual(result);
  return result;
}

describe('git:diff compares', () => {
  it('the work tree with the last commit when nothing is said', async () => {
    repo.write('a.txt', 'one\ntwo\n');
    const head = repo.commit();
    repo.write('a.txt', 'one\nTWO\nthree\n');
    repo.write('new.txt', 'x\n');
    repo.git('add', 'new.txt');
    repo.write('untracked.txt', 'x\n');
    const result = await run();
    expect(result).toMatchObject({ base: head, head, target: 'work-tree', truncated: false });
    expect(result.files).toEqual([
      { path: 'a.txt', status: 'modified', additions: 2, deletions: 1, binary: false },
      { path: 'new.txt', status: 'added', additions: 1, deletions: 0, binary: false },
    ]);
    expect(result.stats).toEqual({ files: 2, additions: 3, deletions: 1, lines: 4 });
    expect(result.diff).toContain('--- a/a.txt\n+++ b/a.txt\n@@ -1,2 +1,3 @@\n one\n-two\n+TWO\n+three\n');
  });

  it('what a branch changed since it parted from the base, not what the base did meanwhile', async () => {
    repo.write('a.txt', 'one\n');
    const parted = repo.commit();
    repo.git('checkout', '--quiet', '-b', 'topic');
    repo.write('topic.txt', 'mine\n');
    repo.commit();
    repo.git('checkout', '--quiet', 'main');
    repo.write('main.txt', 'theirs\n');
    const main = repo.commit();
    repo.git('checkout', '--quiet', 'topic');
    repo.write('topic.txt', 'mine\nuncommitted\n');

    const now = await run({ base: 'main' });
    expect(now).toMatchObject({ base: parted, target: 'work-tree', stats: { files: 1, additions: 2 } });
    const committed = await run({ base: 'main', head: 'topic' });
    expect(committed).toMatchObject({ base: parted, target: 'commit', stats: { files: 1, additions: 1 } });
    expect(committed.head).toBe(repo.git('rev-parse', 'topic').trim());
    const reverse = await run({ base: 'topic', head: main });
    expect(reverse.files.map(({ path }) => path)).toEqual(['main.txt']);
  });

  it('the index alone when only what is staged is asked for', async () => {
    repo.write('a.txt', 'one\n');
    repo.commit();
    repo.write('a.txt', 'two\n');
    repo.git('add', 'a.txt');
    repo.write('a.txt', 'three\n');
    const result = await run({ staged: true });
    expect(result.target).toBe('index');
    expect(result.diff).toContain('+two\n');
    expect(result.diff).not.toContain('three');
    await expect(run({ staged: true, head: 'HEAD' })).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  });

  it('with nothing, before the first commit', async () => {
    repo.write('a.txt', 'one\n');
    repo.git('add', 'a.txt');
    expect(await run()).toMatchObject({ head: null, stats: { files: 1, additions: 1 }, files: [{ status: 'added' }] });
  });

  it('only the paths that are named, and never an option in their place', async () => {
    repo.write('src/a.ts', 'a\n');
    repo.write('docs/a.md', 'a\n');
    repo.write('--output=x', 'a\n');
    repo.commit();
    for (const path of ['src/a.ts', 'docs/a.md', '--output=x']) repo.write(path, 'b\n');
    expect((await run({ paths: ['src'] })).files.map(({ path }) => path)).toEqual(['src/a.ts']);
    expect((await run({ paths: ['*.md', ':(exclude)src'] })).files.map(({ path }) => path)).toEqual(['docs/a.md']);
    expect((await run({ paths: ['--output=x'] })).files.map(({ path }) => path)).toEqual(['--output=x']);
    expect((await run({ paths: ['missing'] })).files).toEqual([]);
  });

  it('with as many unchanged lines around as asked', async () => {
    repo.write('a.txt', 'a\nb\nc\nd\ne\n');
    repo.commit();
    repo.write('a.txt', 'a\nb\nC\nd\ne\n');
    expect((await run({ contextLines: 0 })).diff).toContain('@@ -3 +3 @@');
    expect((await run({ contextLines: 1 })).diff).toContain('@@ -2,3 +2,3 @@');
  });
});

describe('git:diff tells', () => {
  it('every kind of change', async () => {
    repo.write('gone.txt', 'x\n');
    repo.write('moved.txt', 'line\n'.repeat(20));
    repo.write('bin.dat', new Uint8Array([0, 1]));
    repo.write('link.txt', 'x\n');
    repo.commit();
    rmSync(join(repo.root, 'gone.txt'));
    repo.git('mv', 'moved.txt', 'there.txt');
    repo.write('bin.dat', new Uint8Array([0, 2]));
    rmSync(join(repo.root, 'link.txt'));
    execFileSync('ln', ['-s', 'bin.dat', 'link.txt'], { cwd: repo.root });
    const byPath = new Map((await run()).files.map((file) => [file.path, file]));
    expect(byPath.get('gone.txt')).toMatchObject({ status: 'deleted', deletions: 1 });
    expect(byPath.get('there.txt')).toMatchObject({ status: 'renamed', oldPath: 'moved.txt', additions: 0 });
    expect(byPath.get('bin.dat')).toMatchObject({ status: 'modified', binary: true, additions: 0 });
    expect(byPath.get('link.txt')).toMatchObject({ status: 'type-changed' });
  });

  it('names as they are: spaces, quotes, tabs, line feeds, other scripts', async () => {
    const names = ['a b.txt', 'q"uote.txt', 't\tab.txt', 'l\nine.txt', 'ünï.txt', ':colon', '-dash', '0\t0\tx'];
    repo.commit();
    for (const name of names) repo.write(name, 'x\n');
    repo.git('add', '--all');
    const { files } = await run();
    expect(files.map(({ path }) => path).sort()).toEqual([...names].sort());
    expect(files.every(({ additions }) => additions === 1)).toBe(true);
  });

  it('a file in conflict: in the index as such, in the work tree with its marks', async () => {
    repo.write('a.txt', 'one\n');
    repo.commit();
    repo.git('checkout', '--quiet', '-b', 'side');
    repo.write('a.txt', 'side\n');
    repo.commit();
    repo.git('checkout', '--quiet', 'main');
    repo.write('a.txt', 'main\n');
    repo.commit();
    expect(() => repo.git('merge', 'side')).toThrow();
    expect((await run({ staged: true })).files).toMatchObject([{ path: 'a.txt', status: 'conflicted' }]);
    const inTree = await run();
    expect(inTree.files).toMatchObject([{ path: 'a.txt', status: 'modified' }]);
    expect(inTree.diff).toContain('+<<<<<<< HEAD\n');
  });

  it('a diff that git applies again, whatever the user’s settings', async () => {
    repo.write('dir/a b.txt', 'one\ntwo\n');
    const base = repo.commit();
    for (const [key, value] of [['diff.noprefix', 'true'], ['diff.mnemonicPrefix', 'true'], ['color.ui', 'always'], ['diff.relative', 'true'], ['diff.renames', 'false'], ['core.quotePath', 'true']] as const) {
      repo.git('config', key, value);
    }
    repo.write('dir/a b.txt', 'one\n2\n');
    repo.write('é.txt', 'x\n');
    repo.git('add', '--all');
    const result = await run({ base }, testContext({ workspace: join(repo.root, 'dir'), env: repo.ctx().env as Record<string, string> }));
    expect(result.files.map(({ path }) => path)).toEqual(['dir/a b.txt', 'é.txt']);
    repo.git('reset', '--hard', '--quiet', base);
    execFileSync('git', ['apply', '--index'], { cwd: repo.root, input: result.diff });
    expect(repo.git('show', ':dir/a b.txt')).toBe('one\n2\n');
  });

  it('what an output cannot hold as an artifact, and the counts of the whole', async () => {
    repo.commit();
    repo.write('big.txt', 'a line of text that takes some room\n'.repeat(30_000));
    repo.write('small.txt', 'x\n');
    repo.git('add', '--all');
    using ctx = repo.ctx();
    const result = await run({}, ctx);
    expect(result).toMatchObject({ truncated: true, stats: { files: 2, additions: 30_001 } });
    expect(result.files).toHaveLength(2);
    expect(result.diff).toMatch(/^diff --git a\/small\.txt/);
    expect(ctx.saved.get('changes.diff')).toMatchObject({ type: 'diff' });
    expect(ctx.saved.get('changes.diff')?.text).toContain('a/big.txt');
    expect(ctx.lines.map(({ level }) => level)).toEqual(['warn']);
    expect(Buffer.byteLength(JSON.stringify(result))).toBeLessThan(1024 * 1024);
  });

  it('the counts alone of a patch that is not even read', async () => {
    repo.commit();
    repo.write('huge.txt', `${'x'.repeat(1_000)}\n`.repeat(34_000));
    repo.git('add', '--all');
    using ctx = repo.ctx();
    expect(await run({}, ctx)).toMatchObject({ truncated: true, diff: '', stats: { additions: 34_000 }, files: [{ path: 'huge.txt' }] });
    expect(ctx.saved.size).toBe(0);
  });
});

describe('git:diff refuses', () => {
  it.each(['nope', '--output=canary', '-h', 'HEAD..HEAD', 'HEAD --output=canary', 'a\nb', 'x\0y', '^HEAD', '--', '$(touch canary)', 'HEAD~99', '0'.repeat(40)])(
    'the base %j as unknown',
    async (base) => {
      repo.write('a.txt', 'one\n');
      repo.commit();
      await expect(run({ base })).rejects.toMatchObject({ code: 'UNKNOWN_REVISION', kbRetry: 'never' });
      await expect(run({ head: base })).rejects.toMatchObject({ code: 'UNKNOWN_REVISION' });
      expect(readdirSync(repo.root).sort()).toEqual(['.git', 'a.txt']);
    },
  );

  it('a folder without a repository', async () => {
    using ctx = testContext({ env: { GIT_CEILING_DIRECTORIES: '/' } });
    await expect(run({}, ctx)).rejects.toMatchObject({ code: 'NOT_A_REPOSITORY', kbRetry: 'never' });
  });

  it('revisions without common history', async () => {
    repo.commit();
    repo.git('checkout', '--quiet', '--orphan', 'other');
    repo.commit();
    await expect(run({ base: 'main' })).rejects.toMatchObject({ code: 'NO_MERGE_BASE', kbRetry: 'never' });
  });

  it('to work without its permission, before anything is started', async () => {
    const ctx = { ...repo.ctx(), exec: () => Promise.reject(Object.assign(new Error('denied'), { code: 'PERMISSION_DENIED' })) };
    await expect(run({}, ctx)).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
  });
});

describe('a repository with programs in its configuration', () => {
  it('gets none of them started by a look', async () => {
    repo.write('a.txt', 'one\n');
    repo.commit();
    repo.write('.gitattributes', '*.txt filter=evil diff=evil\n*.md filter=e=v.il\n');
    repo.write('b.md', 'x\n');
    repo.git('add', '.gitattributes', 'b.md');
    repo.git('commit', '--quiet', '--message=attributes');
    repo.git('config', 'filter.evil.clean', repo.canary('clean'));
    repo.git('config', 'filter.evil.required', 'true');
    repo.git('config', 'filter.e=v.il.process', repo.canary('process'));
    repo.git('config', 'diff.evil.textconv', repo.canary('textconv'));
    repo.git('config', 'diff.evil.command', repo.canary('driver'));
    repo.git('config', 'diff.external', repo.canary('external'));
    repo.git('config', 'core.fsmonitor', repo.canary('fsmonitor'));
    repo.git('config', 'core.pager', repo.canary('pager'));
    repo.git('config', 'core.hooksPath', join(repo.root, 'hooks'));
    execFileSync('sh', ['-c', `mkdir hooks && cp '${repo.canary('hook')}' hooks/post-index-change`], { cwd: repo.root });
    repo.write('a.txt', 'two\n');
    repo.write('b.md', 'y\n');

    const { diff: patch } = await run();
    expect(patch).toContain('-one\n+two\n');
    expect(patch).toContain('-x\n+y\n');
    const started = (): string[] => readdirSync(join(repo.root, '..', 'canaries')).sort();
    expect(started()).toEqual([]);

    // The control: git by itself starts them.
    try {
      repo.git('diff', 'HEAD');
    } catch {
      // The programs are no good ones.
    }
    expect(started()).toContain('fsmonitor');
    expect(started()).toContain('clean');
    expect(existsSync(join(repo.root, 'a.txt'))).toBe(true);
  });

  it('keeps the filters that its user set up: without them every file of git-lfs would be changed', async () => {
    const settings = join(repo.root, '..', 'settings');
    execFileSync('git', ['config', '--file', settings, 'filter.upper.clean', 'tr a-z A-Z']);
    const env = { ...repo.ctx().env, GIT_CONFIG_GLOBAL: settings } as Record<string, string>;
    repo.write('.gitattributes', '*.txt filter=upper\n');
    repo.write('a.txt', 'one\n');
    execFileSync('git', ['add', '--all'], { cwd: repo.root, env: { PATH: process.env['PATH'], ...env } });
    repo.git('commit', '--quiet', '--message=filtered');
    expect(repo.git('show', 'HEAD:a.txt')).toBe('ONE\n');
    repo.write('a.txt', 'two\n');
    expect((await run({}, repo.ctx({ env }))).diff).toContain('-ONE\n+TWO\n');
  });
});
