import { ENDPOINTS, type RouteName } from '@kb-labs/contracts/http/endpoints';
import { AppError, fromUnknown, isErrorCode } from '@kb-labs/errors';

import type { AnyRequest } from './request-to.js';

export interface Sender {
  /** Without a slash at the end. */
  readonly url: string;
  readonly key: string | undefined;
  readonly csrf: () => string | null;
  readonly fetch: typeof fetch;
}

/** Sends a request and answers what came, when it is no problem. Fails with the problem's code, or with `GATEWAY_UNREACHABLE`. */
export async function sendRequest(sender: Sender, name: RouteName, request: AnyRequest, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
  const { method, path } = ENDPOINTS[name];
  const { params = {}, query = {}, body, idempotencyKey, signal, range } = request;
  const url = sender.url + fillPath(path, params) + queryOf(query);
  const csrf = method === 'GET' ? null : sender.csrf();
  let response: Response;
  try {
    response = await sender.fetch(url, {
      method,
      headers: {
        ...headers,
        ...(sender.key === undefined ? {} : { Authorization: `Bearer ${sender.key}` }),
        ...(csrf === null ? {} : { 'X-KB-CSRF': csrf }),
        ...(idempotencyKey === undefined ? {} : { 'Idempotency-Key': idempotencyKey }),
        ...(range === undefined ? {} : { Range: `bytes=${range.join('-')}` }),
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
      redirect: 'error',
    });
  } catch (thrown) {
    if (signal?.aborted === true) throw thrown;
    throw unreachable(sender, wordsOf(thrown), thrown);
  }
  if (!response.ok) throw await problemOf(sender, response);
  return response;
}

function fillPath(path: string, params: Readonly<Record<string, string>>): string {
  return path.replace(/:(\w+)/g, (_whole, name: string) => {
    const value = params[name];
    // Two dots and one would be taken for places in the path.
    if (value === undefined || value === '' || value === '.' || value === '..') throw new AppError('USAGE', { problem: `the path ${path} needs a "${name}"` });
    return encodeURIComponent(value);
  });
}

function queryOf(query: NonNullable<AnyRequest['query']>): string {
  const written = new URLSearchParams(Object.entries(query).flatMap(([name, value]): [string, string][] => (value === undefined ? [] : [[name, String(value)]])));
  return written.size === 0 ? '' : `?${written.toString()}`;
}

async function problemOf(sender: Sender, response: Response): Promise<AppError> {
  const problem: unknown = await response.json().catch(() => undefined);
  return toAppError(problem) ?? unreachable(sender, `it answered ${String(response.status)}, which is none of its answers`);
}

/** A problem as it was sent; `undefined` for anything else. */
export function toAppError(problem: unknown): AppError | undefined {
  if (typeof problem !== 'object' || problem === null || !('code' in problem) || !isErrorCode(problem.code)) return undefined;
  return fromUnknown(Object.assign(new Error('message' in problem ? String(problem.message) : problem.code), problem));
}

export function unreachable({ url }: Pick<Sender, 'url'>, problem: string, cause?: unknown): AppError {
  return new AppError('GATEWAY_UNREACHABLE', { url, problem }, cause === undefined ? {} : { cause });
}

/** What `fetch` says itself is "fetch failed"; why is in its cause. */
export function wordsOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  return thrown.cause instanceof Error && thrown.cause.message !== '' ? thrown.cause.message : thrown.message;
}
