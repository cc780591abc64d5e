import { describe, expect, it } from 'vitest';

import { makeRepository } from '../git/repository.fixture.js';
import { findRepository, repositoryIn } from './find-repository.js';

describe('the repository of a remote', () => {
  it.each([
    ['https://github.com/acme/app.git', 'acme/app'],
    ['https://github.com/acme/app', 'acme/app'],
    ['https://github.com/acme/app/', 'acme/app'],
    ['https://user:token@github.com/acme/app.git', 'acme/app'],
    ['git@github.com:acme/app.git', 'acme/app'],
    ['github:acme/my.app_2', 'acme/my.app_2'],
    ['ssh://git@github.com:22/acme/app.git', 'acme/app'],
    ['git://ghe.example.com/acme/app', 'acme/app'],
    ['https://gitlab.com/group/sub/app.git', undefined],
    ['/srv/git/app.git', undefined],
    ['../app', undefined],
    ['file:///srv/app', undefined],
    ['https://github.com/acme/..', undefined],
    ['git@github.com:acme/app?x', undefined],
    ['', undefined],
  ])('of %j is %j', (remote, repo) => {
    expect(repositoryIn(remote)).toBe(repo);
  });

  it('is that of "origin", and missing where there is none', async () => {
    const repo = makeRepository();
    await expect(findRepository(repo.ctx())).rejects.toMatchObject({ code: 'NO_REPOSITORY', kbRetry: 'never' });
    repo.git('remote', 'add', 'origin', 'git@github.com:acme/app.git');
    expect(await findRepository(repo.ctx())).toBe('acme/app');
    repo.dispose();
  });
});
