import { FatalError } from '@kb-labs/sdk';

import { type GitContext, openForReading } from '../open-git.js';

/** `owner/name` of the remote `origin`. */
export async function findRepository(ctx: GitContext): Promise<string> {
  const git = await openForReading(ctx);
  // 2: there is no such remote.
  const { exitCode, stdout } = await git(['remote', 'get-url', 'origin'], { accept: [0, 2] });
  const repo = exitCode === 0 ? repositoryIn(stdout.trim()) : undefined;
  if (repo === undefined) throw new FatalError('the remote "origin" names no repository of GitHub', { code: 'NO_REPOSITORY', hint: 'give "repo", as "owner/name"' });
  return repo;
}

/** Reads `https://host/owner/name.git`, `ssh://git@host/owner/name` and `git@host:owner/name.git`. */
export function repositoryIn(remote: string): string | undefined {
  const path = /^[a-z+]+:\/\/[^/]+\/(.+)$/i.exec(remote)?.[1] ?? /^[^/:]+:(?!\/)(.+)$/.exec(remote)?.[1];
  const repo = path?.replace(/\/+$/, '').replace(/\.git$/, '');
  return repo !== undefined && /^[A-Za-z0-9][A-Za-z0-9-]*\/(?!\.{1,2}$)[A-Za-z0-9._-]+$/.test(repo) ? repo : undefined;
}
