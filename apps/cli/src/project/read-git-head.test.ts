import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { readGitHead } from './read-git-head.js';

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'kb-head-'));
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

function git(folder: string, ...args: string[]): string {
  const identity = ['-c', 'user.name=a', '-c', 'user.email=a@example.com', '-c', 'commit.gpgsign=false'];
  return execFileSync('git', ['-C', folder, ...identity, ...args], { encoding: 'utf8' }).trim();
}

function repository(): string {
  git(root, 'init', '--quiet', '--initial-branch=main');
  git(root, 'commit', '--quiet', '--allow-empty', '--message=one');
  return git(root, 'rev-parse', 'HEAD');
}

describe('readGitHead', () => {
  it('reads the branch and its commit, from a folder below too', () => {
    const sha = repository();
    mkdirSync(join(root, 'a/b'), { recursive: true });
    expect(readGitHead(join(root, 'a/b'))).toEqual({ branch: 'main', sha });
  });

  it('reads packed branches, with slashes in their names', () => {
    const sha = repository();
    git(root, 'checkout', '--quiet', '-b', 'release/1.x');
    git(root, 'pack-refs', '--all');
    expect(readGitHead(root)).toEqual({ branch: 'release/1.x', sha });
  });

  it('reads a commit that is on no branch', () => {
    const sha = repository();
    git(root, 'checkout', '--quiet', '--detach');
    expect(readGitHead(root)).toEqual({ branch: null, sha });
  });

  it('reads a worktree', () => {
    const sha = repository();
    git(root, 'worktree', 'add', '--quiet', '-b', 'side', join(root, 'tree'));
    expect(readGitHead(join(root, 'tree'))).toEqual({ branch: 'side', sha });
  });

  it('knows no commit before the first one', () => {
    git(root, 'init', '--quiet', '--initial-branch=main');
    expect(readGitHead(root)).toEqual({ branch: 'main', sha: null });
  });

  it('takes a broken repository for none', () => {
    mkdirSync(join(root, '.git'));
    writeFileSync(join(root, '.git/HEAD'), 'nonsense');
    expect(readGitHead(root)).toEqual({ branch: null, sha: null });
  });
});
