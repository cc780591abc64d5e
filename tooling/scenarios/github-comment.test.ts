import type { JsonObject, Permissions } from '@kb-labs/contracts';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { GithubDouble } from './github-double.fixture.js';
import { openPlugin, type PluginStep } from './plugin-step.fixture.js';

const plugin = openPlugin('commit-plugin');
plugin.project.git('init', '-q');
plugin.project.git('remote', 'add', 'origin', 'git@github.com:acme/app.git');
afterAll(() => plugin.close());

const SHA = '1f2e3d4c5b6a79880917263544536271';
const PULL = 'issues/12';
const COMMIT = `commits/${SHA}`;
const MARK = '<!-- kb:release/tell/step -->\n';
const HERE: Permissions = { network: ['127.0.0.1'] };

let github: GithubDouble;
let api: string;
beforeEach(async () => {
  github = new GithubDouble();
  for (const thread of [PULL, COMMIT]) github.threads.add(thread);
  github.pulls.set('fees', 12);
  api = await github.start();
});
afterEach(() => {
  github.close();
  expect(github.unexpected).toEqual([]);
});

function comment(input: JsonObject, step: Partial<PluginStep> = {}) {
  return plugin.run('github:comment', { input: { api, body: 'Looks good', ...input }, secrets: { GITHUB_TOKEN: github.token }, permissions: HERE, ...step });
}

const bodies = (thread = PULL): string[] => github.in(thread).map(({ body }) => body);
const methods = (): string[] => github.requests.map(({ method }) => method);

describe('github:comment', () => {
  it.each([
    ['a pull request', { pull: 12 }, PULL],
    ['the pull request of a branch', { branch: 'fees' }, PULL],
    ['a commit', { sha: SHA }, COMMIT],
  ])('writes one comment on %s, and then changes that one', async (_name, place, thread) => {
    github.write(thread, 'a word of somebody', 'ada');
    const first = await comment(place);
    const [, written] = github.in(thread);
    expect(first).toEqual({ status: 'success', outputs: { id: written?.id, url: expect.stringContaining(`comment-${String(written?.id)}`) as string, created: true, updated: false, truncated: false } });
    expect(await comment({ ...place, body: 'Better now' })).toMatchObject({ status: 'success', outputs: { id: written?.id, created: false, updated: true } });
    expect(await comment({ ...place, body: 'Better now' })).toMatchObject({ status: 'success', outputs: { id: written?.id, created: false, updated: false } });
    expect(bodies(thread)).toEqual(['a word of somebody', `${MARK}Better now`]);
  });

  it('takes the repository of the remote, or the one it is told', async () => {
    await comment({ pull: 12 });
    expect(github.requests[0]?.path).toBe('/api/v3/repos/acme/app/issues/12/comments?per_page=100&page=1');
    expect(await comment({ pull: 12, repo: 'acme/other' })).toMatchObject({ status: 'failed', retryable: false, error: { code: 'GITHUB_NOT_FOUND' } });
    expect(github.requests.at(-1)?.path).toContain('/repos/acme/other/');
  });

  it('keeps one comment for each key', async () => {
    await comment({ pull: 12, key: 'coverage', body: '81 %' });
    await comment({ pull: 12, key: 'lint', body: 'clean' });
    await comment({ pull: 12, key: 'coverage', body: '82 %' });
    expect(bodies()).toEqual(['<!-- kb:coverage -->\n82 %', '<!-- kb:lint -->\nclean']);
  });

  it('keeps apart the jobs of a matrix, whatever they are called', async () => {
    for (const job of ['bau (größe)', 'bau (gräße)', 'bau (a--> b)', 'bau (größe)']) await comment({ pull: 12, body: job }, { job });
    expect(bodies().map((body) => /^<!-- kb:release\/bau-[A-Za-z0-9-]+\/step-[0-9a-f]{8} -->\n/.test(body) && !body.slice(4, body.indexOf(' -->')).includes('--'))).toEqual([true, true, true]);
    expect(bodies().map((body) => body.split('\n')[1])).toEqual(['bau (größe)', 'bau (gräße)', 'bau (a--> b)']);
  });

  it('finds its comment behind pages of others', async () => {
    for (let n = 0; n < 250; n += 1) github.write(PULL, `word ${String(n)}`, 'ada');
    const mine = github.write(PULL, `${MARK}old`);
    for (let n = 0; n < 120; n += 1) github.write(PULL, `word ${String(n)}`, 'ada');
    expect(await comment({ pull: 12 })).toMatchObject({ outputs: { id: mine.id, updated: true } });
    expect(github.requests.map(({ path }) => new URL(path, 'http://any').searchParams.get('page')).filter((page) => page !== null)).toEqual(['1', '2', '3', '4']);
  });

  it('leaves alone what only looks like its comment', async () => {
    github.write(PULL, `${MARK}planted`, 'mallory');
    github.write(PULL, `> ${MARK}quoted`);
    expect(await comment({ pull: 12 })).toMatchObject({ outputs: { created: true } });
    expect(await comment({ pull: 12, body: 'Again' })).toMatchObject({ outputs: { created: false, updated: true } });
    expect(bodies()).toEqual([`${MARK}planted`, `> ${MARK}quoted`, `${MARK}Again`]);
  });

  it('does not write twice when the answer to the first try was lost', async () => {
    github.trouble('POST', 'lost');
    expect(await comment({ pull: 12 })).toMatchObject({ status: 'failed', retryable: true, error: { code: 'GITHUB_FAILED' } });
    expect(await comment({ pull: 12 })).toMatchObject({ status: 'success', outputs: { created: false, updated: false } });
    expect(bodies()).toEqual([`${MARK}Looks good`]);
  });

  it('does not leave two when the first try was still on its way', async () => {
    github.trouble('POST', 'late');
    expect(await comment({ pull: 12 })).toMatchObject({ status: 'failed', retryable: true });
    // The first try's comment arrives just after the second one has looked for it.
    expect(await comment({ pull: 12, body: 'Second try' })).toMatchObject({ status: 'success', outputs: { created: false, updated: true } });
    expect(bodies()).toEqual([`${MARK}Second try`]);
    expect(methods()).toEqual(['GET', 'POST', 'GET', 'POST', 'GET', 'PATCH', 'DELETE']);
  });

  it('cuts what is too long, and says how much is missing', async () => {
    const { outputs } = await comment({ pull: 12, body: `\`\`\`ts\n${'😀'.repeat(60_000)}\n` });
    const [body = ''] = bodies();
    expect(outputs).toMatchObject({ truncated: true });
    expect(body.length).toBeLessThanOrEqual(65_536);
    expect(body.length).toBeGreaterThan(65_300);
    expect(body.isWellFormed()).toBe(true);
    expect(body).toMatch(/\n```\n\n_Cut here: 32,\d{3} of 60,007 characters fit into a comment\._$/);
    await comment({ pull: 12, body: 'x'.repeat(65_536 - MARK.length) });
    expect(bodies()).toEqual([`${MARK}${'x'.repeat(65_536 - MARK.length)}`]);
  });

  const now = (): number => Math.floor(Date.now() / 1_000);
  it.each([
    ['its limit', () => ({ status: 403, message: 'API rate limit exceeded', headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(now() + 600) } }), [590_000, 600_000]],
    ['its secondary limit', () => ({ status: 403, message: 'You have exceeded a secondary rate limit.', headers: { 'retry-after': '90' } }), [90_000, 90_000]],
    ['a secondary limit without a time', () => ({ status: 403, message: 'You have exceeded a secondary rate limit.' }), [60_000, 60_000]],
    ['too many requests', () => ({ status: 429, headers: { 'retry-after': '3' } }), [3_000, 3_000]],
    ['a limit that is over', () => ({ status: 403, message: 'API rate limit exceeded', headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '1000' } }), [0, 0]],
  ])('waits as long as GitHub says after %s', async (_name, trouble, [least = 0, most = 0]) => {
    for (const method of ['GET', 'POST']) {
      github.trouble(method, trouble());
      const outcome = await comment({ pull: 12 });
      expect(outcome).toMatchObject({ status: 'failed', retryable: true, error: { code: 'RATE_LIMIT' } });
      const waitMs = (outcome as { retryAfterMs?: number }).retryAfterMs ?? -1;
      expect([waitMs >= least, waitMs <= most]).toEqual([true, true]);
    }
    expect(bodies()).toEqual([]);
  });

  it.each([
    [{ status: 403, message: 'Resource not accessible by integration' }, 'GITHUB_FORBIDDEN', false],
    [{ status: 410, message: 'Issues are disabled' }, 'GITHUB_NOT_FOUND', false],
    [{ status: 422, message: 'Validation Failed' }, 'GITHUB_REFUSED', false],
    [{ status: 502, message: 'Server Error' }, 'GITHUB_FAILED', true],
  ])('says of %j that it is %s, and whether to try again: %s', async (trouble, code, retryable) => {
    github.trouble('POST', trouble);
    expect(await comment({ pull: 12 })).toMatchObject({ status: 'failed', retryable, error: { code } });
    expect(bodies()).toEqual([]);
  });

  it('says what is not there', async () => {
    expect(await comment({ pull: 99 })).toMatchObject({ retryable: false, error: { code: 'GITHUB_NOT_FOUND' } });
    expect(await comment({ branch: 'elsewhere' })).toMatchObject({ retryable: false, error: { code: 'NO_PULL_REQUEST' } });
    expect(await comment({ pull: 12 }, { secrets: { GITHUB_TOKEN: 'ghp_wrong' } })).toMatchObject({ retryable: false, error: { code: 'GITHUB_UNAUTHORIZED' } });
  });

  it.each<[string, JsonObject]>([
    ['two places', { pull: 12, sha: SHA }],
    ['a branch and a commit', { branch: 'fees', sha: SHA }],
    ['a revision for a commit', { sha: 'HEAD' }],
    ['a key that ends the mark', { pull: 12, key: 'a-->b' }],
    ['a repository that climbs', { pull: 12, repo: 'acme/..' }],
    ['a repository with a path', { pull: 12, repo: 'acme/app/../../x' }],
    ['an empty body', { pull: 12, body: ' \n' }],
    ['a token in the clear', { pull: 12, api: 'http://github.example.com' }],
    ['an API that is no address', { pull: 12, api: 'github' }],
  ])('refuses %s before anything is sent', async (_name, input) => {
    expect(await comment(input)).toMatchObject({ status: 'failed', retryable: false, error: { code: 'INPUT_INVALID' } });
    expect(github.requests).toEqual([]);
  });

  it.each<[string, Partial<PluginStep>]>([
    ['a document that says nothing', { permissions: {} }],
    ['a document that names another host', { permissions: { network: ['api.github.com'] } }],
    ['a document without the secret', { secrets: {} }],
    ['a document without git, when the repository is to be found', { permissions: { network: ['127.0.0.1'], shell: false } }],
  ])('sends nothing by %s', async (_name, step) => {
    expect(await comment({ pull: 12 }, step)).toMatchObject({ status: 'failed', retryable: false, error: { code: 'PERMISSION_DENIED' } });
    expect(github.requests).toEqual([]);
  });
});

describe('github:comment without a place', () => {
  const { project } = plugin;
  const head = (): string => project.git('rev-parse', 'HEAD').trim();
  const pullsAsked = (): number => github.requests.filter(({ path }) => path.includes('/pulls?')).length;
  beforeAll(() => {
    project.git('commit', '-q', '--allow-empty', '-m', 'First');
    project.git('branch', 'work/no-pull');
    project.git('checkout', '-q', '-b', 'fees');
    project.git('commit', '-q', '--allow-empty', '-m', 'Fees');
    // Of the same name: what git calls short is then "heads/fees".
    project.git('tag', 'fees');
  });

  it('is on the open pull request of the branch that is checked out', async () => {
    project.git('checkout', '-q', 'fees', '--');
    expect(await comment({})).toMatchObject({ status: 'success', outputs: { created: true } });
    expect(await comment({ body: 'Better now' })).toMatchObject({ status: 'success', outputs: { created: false, updated: true } });
    expect(github.comments.map(({ thread, body }) => [thread, body])).toEqual([[PULL, `${MARK}Better now`]]);
  });

  it('is on the commit of a branch that has none, until it has one', async () => {
    project.git('checkout', '-q', 'work/no-pull');
    const thread = `commits/${head()}`;
    github.threads.add(thread);
    expect(await comment({})).toMatchObject({ status: 'success', outputs: { created: true } });
    expect(await comment({ body: 'Better now' })).toMatchObject({ status: 'success', outputs: { created: false, updated: true } });
    expect(github.comments.map(({ thread, body }) => [thread, body])).toEqual([[thread, `${MARK}Better now`]]);
    expect(pullsAsked()).toBe(2);
    github.pulls.set('work/no-pull', 12);
    expect(await comment({})).toMatchObject({ status: 'success', outputs: { created: true } });
    expect(bodies()).toEqual([`${MARK}Looks good`]);
  });

  it('is on the commit of a detached HEAD, whatever branch it is of', async () => {
    project.git('checkout', '-q', '--detach', 'refs/heads/fees');
    const thread = `commits/${head()}`;
    github.threads.add(thread);
    expect(await comment({})).toMatchObject({ status: 'success', outputs: { created: true } });
    expect(github.comments.map(({ thread }) => thread)).toEqual([thread]);
    expect(pullsAsked()).toBe(0);
  });

  it('says that GitHub does not have the commit', async () => {
    project.git('checkout', '-q', 'work/no-pull');
    expect(await comment({})).toMatchObject({ status: 'failed', retryable: false, error: { code: 'GITHUB_NOT_FOUND' } });
  });

  it('sends nothing before the first commit, or without git', async () => {
    project.git('checkout', '-q', '--orphan', 'empty');
    expect(await comment({})).toMatchObject({ status: 'failed', retryable: false, error: { code: 'UNKNOWN_REVISION' } });
    const step = { permissions: { ...HERE, shell: false } };
    expect(await comment({ repo: 'acme/app' }, step)).toMatchObject({ status: 'failed', retryable: false, error: { code: 'PERMISSION_DENIED' } });
    expect(github.requests).toEqual([]);
  });
});

describe('the double', () => {
  it('takes nothing that GitHub would not', async () => {
    const headers = { authorization: `token ${github.token}`, accept: 'application/vnd.github+json', 'x-github-api-version': '2022-11-28', 'content-type': 'application/json' };
    const send = async (method: string, path: string, body?: string, changed: Record<string, string> = {}) =>
      (await fetch(`${api}${path}`, { method, headers: { ...headers, ...changed }, ...(body === undefined ? {} : { body }) })).status;
    const thread = '/repos/acme/app/issues/12/comments';
    expect(await send('POST', thread, '{"body":"x"}')).toBe(201);
    const refused = [
      await send('POST', thread, '{"body":""}'),
      await send('POST', thread, '{"body":"x","more":1}'),
      await send('POST', thread, JSON.stringify({ body: 'x'.repeat(65_537) })),
      await send('PUT', thread, '{"body":"x"}'),
      await send('GET', `${thread}?per_page=101`),
      await send('GET', '/repos/acme/app/stars'),
      await send('GET', thread, undefined, { accept: 'text/html' }),
    ];
    expect(refused).toEqual(refused.map(() => 422));
    expect(github.unexpected).toHaveLength(refused.length);
    github.unexpected.length = 0;
    expect(await send('GET', thread, undefined, { authorization: 'token no' })).toBe(401);
  });
});
