import type { PluginContext } from '@kb-labs/contracts';

import type { Ask } from './ask.js';

/** The answer to a request as the engine tells it. `body`: a stream, `null` for none. */
export interface FetchAnswer {
  readonly status: number;
  readonly statusText: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly url: string;
  readonly redirected: boolean;
  readonly type: string;
  readonly body: number | null;
}

/** `ctx.fetch` on the side of the handler: the request is made ready here, and sent by the engine. */
export function remoteFetch(ask: Ask, accept: (stream: number) => ReadableStream<Uint8Array>): PluginContext['fetch'] {
  return async (input, init = {}) => {
    const written = new URL(input instanceof Request ? input.url : input);
    const url = new URL(written);
    // No request can be made of an address with credentials. The engine is shown it as it was written, and refuses it.
    url.username = '';
    url.password = '';
    const request = new Request(input instanceof Request ? input : url, { ...init, redirect: 'manual' });
    const redirect = init.redirect ?? (input instanceof Request ? input.redirect : 'follow');
    const bytes = request.body === null ? undefined : new Uint8Array(await request.arrayBuffer());
    const told = { url: written.href, method: request.method, headers: [...request.headers], redirect, body: bytes !== undefined };
    const { value } = await ask('fetch', [told], { ...(bytes === undefined ? {} : { bytes }), signal: request.signal });
    const answer = value as FetchAnswer;
    const body = answer.body === null ? null : abortable(accept(answer.body), request.signal);
    return toResponse(answer, body);
  };
}

const HAS_NO_BODY: ReadonlySet<number> = new Set([101, 103, 204, 205, 304]);

function toResponse({ status, statusText, headers, url, redirected, type }: FetchAnswer, body: ReadableStream<Uint8Array> | null): Response {
  const isUsual = status >= 200 && status <= 599;
  const response = new Response(HAS_NO_BODY.has(status) ? null : body, { status: isUsual ? status : 200, statusText, headers: headers.map(([name, value]): [string, string] => [name, value]) });
  const told = { url, redirected, type, ...(isUsual ? {} : { status, ok: false }) };
  for (const [name, value] of Object.entries(told)) Object.defineProperty(response, name, { value, configurable: true });
  return response;
}

/** Giving a request up while its answer is read ends the reading. */
function abortable(stream: ReadableStream<Uint8Array>, signal: AbortSignal): ReadableStream<Uint8Array> {
  const through = new TransformStream<Uint8Array, Uint8Array>();
  stream.pipeTo(through.writable, { signal }).catch(() => undefined);
  return through.readable;
}
