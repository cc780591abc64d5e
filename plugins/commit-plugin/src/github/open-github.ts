import { FatalError, type PluginContext } from '@kb-labs/sdk';
import { Octokit } from '@octokit/core';

import { githubFailure } from './github-failure.js';

export interface GitHubOptions {
  readonly api: string;
  readonly token: string;
}

/** One request to the API, `path` with its query. Answers what the body says; throws what `githubFailure` makes of anything but success. */
export type GitHub = (method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, body?: Readonly<Record<string, string>>) => Promise<unknown>;

/** The API by the library of GitHub, and that by `ctx.fetch`, so that the permissions of the step hold for it. */
export function openGitHub(ctx: PluginContext, { api, token }: GitHubOptions): GitHub {
  const octokit = new Octokit({
    auth: token,
    baseUrl: apiAddress(api),
    userAgent: 'kb-labs',
    log: { debug: () => undefined, info: () => undefined, warn: ctx.log.warn, error: ctx.log.debug },
    request: { fetch: ctx.fetch, signal: ctx.signal },
  });
  return async (method, path, body) => {
    try {
      const { data } = (await octokit.request({ method, url: path, headers: { 'x-github-api-version': '2022-11-28' }, ...body })) as { data: unknown };
      return data;
    } catch (error) {
      ctx.signal.throwIfAborted();
      throw githubFailure(error, Date.now());
    }
  };
}

/** A token is sent in the clear to nobody but this machine. */
function apiAddress(written: string): string {
  const url = URL.parse(written);
  const isLocal = url !== null && ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname);
  if (url === null || (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLocal)) || url.search !== '' || url.hash !== '' || url.username !== '') {
    throw new FatalError('"api" is no https address of an API', { code: 'INPUT_INVALID', hint: 'https://api.github.com, or https://<host>/api/v3 of a server of your own' });
  }
  return url.href.replace(/\/$/, '');
}
