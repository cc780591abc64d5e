import { rmSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { z } from 'zod';

import { statusCommand } from '../plugin.js';
import { makeRepository, type Repository } from './repository.fixture.js';
import status from './status.js';

let repo: Repository;
beforeEach(() => {
  repo = makeRepository();
});
afterEach(() => {
  repo.dispose();
});

async function run(input: z.input<typeof statusCommand.input> = {}): ReturnType<typeof status> {
  const result = await status(statusCommand.input.parse(input), repo.ctx());
  expect(statusCommand.output.parse(result)).toEqual(result);
  return result;
}

describe('git:status', () => {
  it('of a repository without commits has a branch and no commit', async () => {
    expect(await run()).toMatchObject({ branch: 'main', commit: null, upstream: null, clean: true });
  });

  it('sorts every path by what differs where', async () => {
    repo.write('both.txt', 'a\n');
    repo.write('gone.txt', 'b\n');
    repo.write('moved from here.txt', 'line\n'.repeat(20));
    const commit = repo.commit();
    repo.write('both.txt', 'staged\n');
    repo.git('mv', 'moved from here.txt', 'moved "there".txt');
    repo.write('added.txt', 'new\n');
    repo.git('add', 'both.txt', 'added.txt');
    repo.write('both.txt', 'changed again\n');
    rmSync(join(repo.root, 'gone.txt'));
    repo.write('folder/un tracked\n.txt', 'x\n');
    repo.write('folder/two.txt', 'x\n');
    const result = await run();
    expect(result).toMatchObject({ branch: 'main', commit, clean: false, truncated: false, conflicted: [] });
    expect(result.staged).toEqual([
      { path: 'added.txt', status: 'added' },
      { path: 'both.txt', status: 'modified' },
      { path: 'moved "there".txt', oldPath: 'moved from here.txt', status: 'renamed' },
    ]);
    expect(result.unstaged).toEqual([
      { path: 'both.txt', status: 'modified' },
      { path: 'gone.txt', status: 'deleted' },
    ]);
    expect(result.untracked).toEqual(['folder/two.txt', 'folder/un tracked\n.txt']);
    expect((await run({ untracked: 'folders' })).untracked).toEqual(['folder/']);
    expect((await run({ untracked: 'none' })).untracked).toEqual([]);
    expect(await run({ paths: ['folder'] })).toMatchObject({ staged: [], unstaged: [], untracked: ['folder/two.txt', 'folder/un tracked\n.txt'] });
  });

  it('is clean after a commit', async () => {
    repo.write('a.txt', 'a\n');
    repo.commit();
    expect(await run()).toMatchObject({ clean: true, staged: [], unstaged: [], untracked: [] });
  });

  it('counts the commits that either side lacks', async () => {
    repo.commit();
    repo.git('branch', 'shared');
    repo.commit();
    repo.commit();
    repo.git('checkout', '--quiet', 'shared');
    repo.commit();
    repo.git('branch', '--quiet', '--set-upstream-to=main');
    expect(await run()).toMatchObject({ branch: 'shared', upstream: 'main', ahead: 1, behind: 2 });
  });

  it('has no branch when a commit is checked out', async () => {
    const commit = repo.commit();
    repo.git('checkout', '--quiet', '--detach');
    expect(await run()).toMatchObject({ branch: null, commit });
  });

  it('lists conflicts apart', async () => {
    repo.write('a b.txt', 'one\n');
    repo.commit();
    repo.git('checkout', '--quiet', '-b', 'side');
    repo.write('a b.txt', 'side\n');
    repo.commit();
    repo.git('checkout', '--quiet', 'main');
    repo.write('a b.txt', 'main\n');
    repo.commit();
    expect(() => repo.git('merge', 'side')).toThrow();
    expect(await run()).toMatchObject({ conflicted: ['a b.txt'], staged: [], unstaged: [], clean: false });
  });

  it('cuts lists that no output could hold, and is still not clean', async () => {
    for (let n = 0; n < 2_000; n += 1) repo.write(`${'long-name-'.repeat(15)}${String(n)}`, '');
    const result = await run();
    expect(result.truncated).toBe(true);
    expect(result.clean).toBe(false);
    expect(result.untracked.length).toBeGreaterThan(1_000);
    expect(Buffer.byteLength(JSON.stringify(result))).toBeLessThan(1024 * 1024);
  });
});
