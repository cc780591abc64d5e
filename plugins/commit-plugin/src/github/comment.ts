import { createHash } from 'node:crypto';

import { type CommandHandler, FatalError, type PluginContext } from '@kb-labs/sdk';

import type { commentCommand } from '../plugin.js';
import { findPlace, type Place } from './find-place.js';
import { findRepository } from './find-repository.js';
import { fitBody } from './fit-body.js';
import { type GitHub, openGitHub } from './open-github.js';

/** What GitHub tells of a comment, as far as it matters here. */
interface Comment {
  readonly id: number;
  readonly body: string;
  readonly url: string;
}

const PAGE = 100;
/** A discussion longer than that is not read to its end: 10,000 comments. */
const PAGES = 100;

const comment: CommandHandler<typeof commentCommand> = async (input, ctx) => {
  const github = openGitHub(ctx, { api: input.api, token: await ctx.secrets.get('GITHUB_TOKEN') });
  const repo = input.repo ?? (await findRepository(ctx));
  const place = await findPlace(input, { ctx, github, repo });
  const marker = `<!-- kb:${input.key ?? keyOf(ctx)} -->`;
  const { body, truncated } = fitBody(input.body, marker);
  const change = { github, place, body };
  const kept = await updateFirst(await findMarked(github, place, marker), change);
  if (kept !== undefined) return { ...kept, created: false, truncated };
  const made = toComment(await github('POST', place.thread, { body }));
  // Another try whose request was still on its way, or another run, may have been faster: then its comment is the one.
  const earlier = (await findMarked(github, place, marker)).filter(({ id }) => id < made.id);
  const first = await updateFirst(earlier, change);
  if (first === undefined) return { id: made.id, url: made.url, created: true, updated: false, truncated };
  await github('DELETE', `${place.one}/${String(made.id)}`);
  return { ...first, created: false, truncated };
};

export default comment;

/** The same in every run of a workflow, so that its step has one comment in a discussion. */
function keyOf({ run: { workflowId, job, step } }: PluginContext): string {
  const whole = [workflowId, job, step].join('/');
  // "--" would end the comment that it is written in.
  const plain = whole.replaceAll(/[^A-Za-z0-9._/:@]+/g, '-').replace(/-$/, '');
  // Names of a matrix may differ only in what was left out.
  return plain === whole ? plain : `${plain}-${createHash('sha256').update(whole).digest('hex').slice(0, 8)}`;
}

interface Change {
  readonly github: GitHub;
  readonly place: Place;
  readonly body: string;
}

/** The first that is ours to change, with the body. Anybody can write the mark. */
async function updateFirst(marked: readonly Comment[], { github, place, body }: Change): Promise<{ id: number; url: string; updated: boolean } | undefined> {
  for (const found of marked) {
    try {
      // Also when it says the same already: only an answer shows that it is ours.
      const { id, url } = toComment(await github('PATCH', `${place.one}/${String(found.id)}`, { body }));
      return { id, url, updated: !sameText(found.body, body) };
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      // Of somebody else, or gone since it was listed.
      if (code !== 'GITHUB_FORBIDDEN' && code !== 'GITHUB_NOT_FOUND') throw error;
    }
  }
  return undefined;
}

/** Comments that begin with the mark, the oldest first. */
async function findMarked(github: GitHub, { thread }: Place, marker: string): Promise<Comment[]> {
  const found: Comment[] = [];
  for (let page = 1; page <= PAGES; page += 1) {
    const listed = await github('GET', `${thread}?per_page=${String(PAGE)}&page=${String(page)}`);
    const comments = (Array.isArray(listed) ? listed : []).map(toComment);
    found.push(...comments.filter(({ body }) => body.startsWith(marker)));
    if (comments.length < PAGE) break;
  }
  return found.sort((one, other) => one.id - other.id);
}

/** GitHub gives line ends back as they were sent by others, and no white space at the end. */
function sameText(one: string, other: string): boolean {
  const plain = (text: string): string => text.replaceAll('\r\n', '\n').trimEnd();
  return plain(one) === plain(other);
}

function toComment(value: unknown): Comment {
  if (typeof value === 'object' && value !== null && 'id' in value && typeof value.id === 'number') {
    return { id: value.id, body: 'body' in value && typeof value.body === 'string' ? value.body : '', url: 'html_url' in value && typeof value.html_url === 'string' ? value.html_url : '' };
  }
  throw new FatalError('the service did not answer as GitHub does', { code: 'GITHUB_UNKNOWN_ANSWER', hint: '"api" is the address of the API, not of the pages' });
}
