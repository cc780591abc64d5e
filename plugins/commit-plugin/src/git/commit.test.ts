import { chmodSync, existsSync } from 'node:fs';
import { join } from 'node:path';

import { testContext } from '@kb-labs/sdk/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { z } from 'zod';

import { commitCommand } from '../plugin.js';
import commit from './commit.js';
import { makeRepository, type Repository } from './repository.fixture.js';

let repo: Repository;
beforeEach(() => {
  repo = makeRepository();
});
afterEach(() => {
  repo.dispose();
});

async function run(input: z.input<typeof commitCommand.input>, ctx = repo.ctx()): ReturnType<typeof commit> {
  const result = await commit(commitCommand.input.parse(input), ctx);
  expect(commitCommand.output.parse(result)).toEqual(result);
  return result;
}

const head = (format: string): string => repo.git('log', '-1', `--format=${format}`).trimEnd();

describe('git:commit commits', () => {
  it('what is staged, and nothing else', async () => {
    const parent = repo.commit();
    repo.write('a.txt', 'one\n');
    repo.git('add', 'a.txt');
    repo.write('b.txt', 'two\n');
    const result = await run({ message: 'Add a' });
    expect(result).toEqual({
      sha: head('%H'),
      branch: 'main',
      parents: [parent],
      stats: { files: 1, additions: 1, deletions: 0, lines: 1 },
      files: [{ path: 'a.txt', status: 'added', additions: 1, deletions: 0, binary: false }],
      truncated: false,
      repeated: false,
    });
    expect(repo.git('status', '--porcelain')).toBe('?? b.txt\n');
  });

  it('everything when asked: changed, new and deleted files', async () => {
    repo.write('a.txt', 'one\n');
    repo.write('b.txt', 'one\n');
    repo.commit();
    repo.write('a.txt', 'two\n');
    repo.write('sub/c.txt', 'new\n');
    repo.git('rm', '--quiet', '--cached', 'b.txt');
    repo.write('.gitignore', 'b.txt\n');
    const { files } = await run({ message: 'All', all: true });
    expect(files.map(({ path, status }) => [path, status])).toEqual([['.gitignore', 'added'], ['a.txt', 'modified'], ['b.txt', 'deleted'], ['sub/c.txt', 'added']]);
    expect(repo.git('status', '--porcelain')).toBe('');
  });

  it('exactly the paths that are named; what else is staged stays staged', async () => {
    repo.write('a.txt', 'one\n');
    repo.write('gone.txt', 'one\n');
    repo.write('other.txt', 'one\n');
    repo.commit();
    repo.write('a.txt', 'two\n');
    repo.write('new file.txt', 'x\n');
    repo.write('other.txt', 'two\n');
    repo.git('rm', '--quiet', '--cached', 'gone.txt');
    repo.git('add', 'other.txt');
    repo.git('checkout', '--quiet', 'HEAD', '--', 'gone.txt');
    const { files } = await run({ message: 'Some', paths: ['a.txt', 'new file.txt'] });
    expect(files.map(({ path }) => path)).toEqual(['a.txt', 'new file.txt']);
    expect(repo.git('diff', '--cached', '--name-only')).toBe('other.txt\n');
  });

  it('the deletion of a path that is named', async () => {
    repo.write('gone.txt', 'one\n');
    repo.commit();
    repo.git('rm', '--quiet', 'gone.txt');
    expect((await run({ message: 'Remove', paths: ['gone.txt'] })).files).toMatchObject([{ path: 'gone.txt', status: 'deleted' }]);
  });

  it('the first commit of a repository', async () => {
    repo.write('a.txt', 'one\n');
    expect(await run({ message: 'First', all: true })).toMatchObject({ parents: [], stats: { files: 1 }, branch: 'main' });
  });

  it('nothing at all when that is allowed', async () => {
    repo.commit();
    expect(await run({ message: 'Empty', allowEmpty: true })).toMatchObject({ stats: { files: 0 }, files: [] });
  });

  it('the end of a merge, compared with its first parent', async () => {
    repo.commit();
    repo.git('checkout', '--quiet', '-b', 'side');
    repo.write('side.txt', 'x\n');
    const side = repo.commit();
    repo.git('checkout', '--quiet', 'main');
    const main = repo.commit();
    repo.git('merge', '--quiet', '--no-commit', '--no-ff', 'side');
    const result = await run({ message: 'Merge' });
    expect(result.parents).toEqual([main, side]);
    expect(result.files.map(({ path }) => path)).toEqual(['side.txt']);
  });

  it.each(['One line', 'Subject\n\nBody with\n# a line that is no comment\n\nTrailer: x', '--amend', '$(touch canary) `touch canary`', 'ünïcode 🎉', '-m x\n--author=Eve <e@example.org>'])(
    'with the message as it is: %j',
    async (message) => {
      repo.commit();
      repo.git('config', 'i18n.commitEncoding', 'ISO-8859-1');
      repo.git('config', 'commit.cleanup', 'strip');
      const { parents } = await run({ message, allowEmpty: true });
      expect(head('%B')).toBe(message);
      expect(head('%an')).toBe('Ann');
      expect(parents).toHaveLength(1);
      expect(existsSync(join(repo.root, 'canary'))).toBe(false);
    },
  );

  it('in the name of another author, while the committer stays who is configured', async () => {
    repo.commit();
    await run({ message: 'x', allowEmpty: true, author: 'Bob B. Smith <bob@example.org>' });
    expect(head('%an %ae %cn')).toBe('Bob B. Smith bob@example.org Ann');
    for (const author of ['bob', 'Bob <bob', 'Bob <a> <b>', 'x\n <b@c>', '<b@c>', '--amend']) {
      expect(commitCommand.input.safeParse({ message: 'x', author }).success, author).toBe(false);
    }
  });
});

describe('git:commit runs once', () => {
  it('for one idempotency key, also when the first result was lost', async () => {
    repo.commit();
    repo.write('a.txt', 'one\n');
    const first = await run({ message: 'Once', all: true }, repo.ctx({ idempotencyKey: 'run/job/step' }));
    repo.write('a.txt', 'meanwhile\n');
    const again = await run({ message: 'Once', all: true }, repo.ctx({ idempotencyKey: 'run/job/step' }));
    expect(again).toEqual({ ...first, repeated: true });
    const other = await run({ message: 'Twice', all: true }, repo.ctx({ idempotencyKey: 'run/job/other' }));
    expect(other.parents).toEqual([first.sha]);
    expect(head('%B%N%D')).not.toContain('kb:');
  });

  it('unless the commit was taken back', async () => {
    const parent = repo.commit();
    repo.write('a.txt', 'one\n');
    await run({ message: 'Once', all: true }, repo.ctx({ idempotencyKey: 'key' }));
    repo.git('reset', '--quiet', '--soft', parent);
    expect(await run({ message: 'Again' }, repo.ctx({ idempotencyKey: 'key' }))).toMatchObject({ repeated: false, parents: [parent] });
  });
});

describe('git:commit refuses', () => {
  it('to commit nothing', async () => {
    repo.commit();
    await expect(run({ message: 'x' })).rejects.toMatchObject({ code: 'NOTHING_TO_COMMIT', kbRetry: 'never' });
    repo.write('untracked.txt', 'x\n');
    await expect(run({ message: 'x' })).rejects.toMatchObject({ code: 'NOTHING_TO_COMMIT' });
    expect(repo.git('rev-list', '--count', 'HEAD')).toBe('1\n');
  });

  it('a path that is not there', async () => {
    repo.commit();
    repo.write('a.txt', 'x\n');
    await expect(run({ message: 'x', paths: ['nope.txt', 'a.txt'] })).rejects.toMatchObject({ code: 'UNKNOWN_PATH', kbRetry: 'never' });
  });

  it('paths together with everything', async () => {
    await expect(run({ message: 'x', paths: ['a'], all: true })).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  });

  it('files in conflict', async () => {
    repo.write('a.txt', 'one\n');
    repo.commit();
    repo.git('checkout', '--quiet', '-b', 'side');
    repo.write('a.txt', 'side\n');
    repo.commit();
    repo.git('checkout', '--quiet', 'main');
    repo.write('a.txt', 'main\n');
    repo.commit();
    expect(() => repo.git('merge', 'side')).toThrow();
    await expect(run({ message: 'x', all: true })).rejects.toMatchObject({ code: 'CONFLICTS', details: { paths: ['a.txt'] } });
  });

  it('messages without words', () => {
    for (const message of ['', ' \n', 'a\0b']) expect(commitCommand.input.safeParse({ message }).success).toBe(false);
  });

  it('with what a hook of the repository says', async () => {
    repo.commit();
    const hook = join(repo.root, '.git/hooks/pre-commit');
    repo.write('.git/hooks/pre-commit', '#!/bin/sh\necho "format your code" >&2\nexit 1\n');
    chmodSync(hook, 0o755);
    await expect(run({ message: 'x', allowEmpty: true })).rejects.toMatchObject({ code: 'GIT_FAILED', message: expect.stringContaining('format your code') as string });
  });

  it('while another git holds the index, for now', async () => {
    repo.commit();
    repo.write('.git/index.lock', '');
    repo.write('a.txt', 'x\n');
    await expect(run({ message: 'x', all: true })).rejects.toMatchObject({ code: 'REPOSITORY_BUSY' });
    await expect(run({ message: 'x', all: true })).rejects.not.toHaveProperty('kbRetry');
  });

  it('outside a repository', async () => {
    using ctx = testContext({ env: { GIT_CEILING_DIRECTORIES: '/' } });
    await expect(run({ message: 'x' }, ctx)).rejects.toMatchObject({ code: 'NOT_A_REPOSITORY' });
  });
});

describe('without an identity', () => {
  it('git says who is missing, unless the step names an author', async () => {
    const bare = makeRepository({ identity: false });
    try {
      const ctx = (): ReturnType<typeof testContext> => {
        const made = bare.ctx();
        return { ...made, exec: (program, args, options) => made.exec(program, ['-c', 'user.useConfigOnly=true', ...(args ?? [])], options) };
      };
      await expect(run({ message: 'x', allowEmpty: true }, ctx())).rejects.toMatchObject({ code: 'IDENTITY_UNKNOWN', kbRetry: 'never' });
      await run({ message: 'x', allowEmpty: true, author: 'Bob <bob@example.org>' }, ctx());
      expect(bare.git('log', '-1', '--format=%an %ae %cn %ce')).toBe('Bob bob@example.org Bob bob@example.org\n');
    } finally {
      bare.dispose();
    }
  });
});
