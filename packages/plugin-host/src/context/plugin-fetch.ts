import type { PluginContext } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';
import type { Agent } from 'undici';

import type { Grant } from './grant.js';
import { judgeAddress, judgedLookup, type Lookup } from './judged-lookup.js';

const REDIRECTS = 10;
/** Statuses that send on (RFC 9110, 15.4). */
const REDIRECT_STATUS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
/** Not for another origin than they were meant for. */
const ORIGIN_HEADERS = ['authorization', 'cookie', 'proxy-authorization'];

export interface FetchOptions {
  readonly grant: Pick<Grant, 'requireHost'>;
  readonly signal: AbortSignal;
  readonly lookup?: Lookup;
}

/** `ctx.fetch`. Where a name leads is judged when the connection is made. Redirects are followed here, each checked like a first request. */
export function pluginFetch({ grant, signal, lookup }: FetchOptions): PluginContext['fetch'] {
  return async (input, init = {}) => {
    requireForm(new URL(input instanceof Request ? input.url : input));
    const first = new Request(input, { ...init, redirect: 'manual' });
    const mode = init.redirect ?? (input instanceof Request ? input.redirect : 'follow');
    const body = first.body === null ? undefined : await first.arrayBuffer();
    const any = AbortSignal.any([signal, first.signal]);
    let hop: Hop = { url: new URL(first.url), method: first.method, headers: new Headers(first.headers), body };
    for (let redirects = 0; ; redirects += 1) {
      const response = await send(hop, { grant, signal: any, ...(lookup === undefined ? {} : { lookup }) });
      const next = mode === 'manual' ? undefined : nextHop(hop, response);
      if (next === undefined) return response;
      await response.body?.cancel();
      if (mode === 'error') throw new TypeError(`${hop.url.host} redirects to ${next.url.host}, which the request forbids`);
      if (redirects >= REDIRECTS) throw new TypeError(`more than ${String(REDIRECTS)} redirects, the last one to ${next.url.host}`);
      hop = next;
    }
  };
}

interface Hop {
  readonly url: URL;
  readonly method: string;
  readonly headers: Headers;
  readonly body: ArrayBuffer | undefined;
}

async function send(hop: Hop, { grant, lookup, signal }: FetchOptions): Promise<Response> {
  const { url, method, headers, body } = hop;
  requireForm(url);
  const host = url.hostname.replace(/^\[|\]$/g, '').toLowerCase();
  const reach = grant.requireHost(host);
  judgeAddress(reach, host);
  const undici = await import('undici');
  const dispatcher: Agent = new undici.Agent({
    keepAliveTimeout: 1,
    connect: { lookup: judgedLookup(reach, lookup) },
  });
  try {
    const response = await undici.fetch(url, { method, headers: [...headers], redirect: 'manual', signal, dispatcher, ...(body === undefined ? {} : { body }) });
    // The same standard object, made by the same library that Node has built in.
    return response;
  } catch (error) {
    throw error instanceof Error && error.cause instanceof AppError ? error.cause : error;
  } finally {
    // Lets the answer be read to its end, then lets go of the connection.
    void dispatcher.close();
  }
}

/** Where an answer sends to and with what, as the fetch standard has it (HTTP-redirect fetch). */
function nextHop({ url, method, headers, body }: Hop, response: Response): Hop | undefined {
  const location = REDIRECT_STATUS.has(response.status) ? response.headers.get('location') : null;
  if (location === null) return undefined;
  const next = new URL(location, url);
  const kept = new Headers(headers);
  if (next.origin !== url.origin) for (const name of ORIGIN_HEADERS) kept.delete(name);
  const becomesGet = response.status === 303 ? method !== 'HEAD' && method !== 'GET' : response.status < 303 && method === 'POST';
  if (!becomesGet) return { url: next, method, headers: kept, body };
  for (const name of ['content-type', 'content-length', 'content-encoding', 'content-language', 'content-location']) kept.delete(name);
  return { url: next, method: 'GET', headers: kept, body: undefined };
}

function requireForm(url: URL): void {
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw denied(url, 'only http and https can be granted');
  if (url.username !== '' || url.password !== '') throw denied(url, 'an address with a user name or password is never fetched: send a header');
}

function denied(url: URL, hint: string): AppError {
  return new AppError('PERMISSION_DENIED', { act: `fetching ${url.protocol}//${url.host}`, permission: 'network' }, { hint });
}
