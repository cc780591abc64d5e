import type { JsonObject, JsonValue } from '@kb-labs/contracts';
import { keysOf, type PartProblem, readPart, type RouteSpec } from '@kb-labs/contracts/http';
import { AppError, suggestName } from '@kb-labs/errors';
import type { Request } from 'express';

type Schema = NonNullable<RouteSpec['params']>;

/** What a route takes of a request before its body, checked. Fails with `REQUEST_INVALID` and everything that is wrong. */
export function readHead(route: RouteSpec, request: Request): { params: unknown; query: unknown } {
  const params = checkPart(route.params, 'path', request.params);
  const query = checkPart(route.query, 'query', { ...request.query });
  return { params, query };
}

export function checkBody(schema: Schema, body: unknown): unknown {
  return checkPart(schema, 'body', body);
}

/** The same of a request that did not come over HTTP. */
export function checkParts(route: RouteSpec, parts: { readonly params?: unknown; readonly query?: unknown; readonly body?: unknown }): { params: unknown; query: unknown; body: unknown } {
  const { params = {}, query = {}, body = {} } = parts;
  return { params: checkPart(route.params, 'path', params), query: checkPart(route.query, 'query', query), body: route.body === undefined ? undefined : checkBody(route.body, body) };
}

/** Whether it is put on record that somebody asked for it. */
export function isChange({ method, access }: RouteSpec): boolean {
  return method !== 'GET' && access !== 'read';
}

/** What of a body is put on record. */
export function recordedOf({ recorded = [] }: RouteSpec, written: unknown): JsonObject {
  const body = written as JsonObject;
  return Object.fromEntries(recorded.flatMap((member) => (body[member] === undefined ? [] : [[member, body[member]]])));
}

/** The key of a request that is not to be carried out twice: of its header, or of its body. */
export function idempotencyKeyOf(route: RouteSpec, request: Request, body: unknown): string | undefined {
  const header = request.get('idempotency-key');
  if (header === undefined) return undefined;
  if (route.idempotent !== true) throw invalid([{ place: 'header', path: ['Idempotency-Key'], message: 'this route takes none' }]);
  const inBody = keyIn(body);
  if (inBody !== undefined && inBody !== header) throw invalid([{ place: 'header', path: ['Idempotency-Key'], message: 'the body has another one' }]);
  return header;
}

function keyIn(body: unknown): unknown {
  if (typeof body !== 'object' || body === null) return undefined;
  if ('idempotencyKey' in body) return body.idempotencyKey;
  return 'idempotency_key' in body ? body.idempotency_key : undefined;
}

function checkPart(schema: Schema | undefined, place: string, value: unknown): unknown {
  if (schema === undefined) {
    const [unknown] = typeof value === 'object' && value !== null ? Object.keys(value) : [];
    if (place === 'query' && unknown !== undefined) throw invalid([{ place, path: [unknown], message: 'not known' }], 'this route takes no query');
    return undefined;
  }
  const read = readPart(schema, value);
  if (read.ok) return read.value;
  throw invalid(
    read.problems.flatMap((problem) => spread(problem).map((one) => ({ place, ...one }))),
    hintFor(schema, read.problems),
  );
}

interface Placed {
  readonly place: string;
  readonly path: readonly string[];
  readonly message: string;
}

function spread({ path, message, unknownKeys }: PartProblem): { path: readonly string[]; message: string }[] {
  return unknownKeys === undefined ? [{ path, message }] : unknownKeys.map((key) => ({ path: [...path, key], message }));
}

/** The name that was meant, of the first unknown one. */
function hintFor(schema: Schema, problems: readonly PartProblem[]): string | undefined {
  const unknown = problems.find(({ path, unknownKeys }) => unknownKeys !== undefined && path.length === 0)?.unknownKeys?.[0];
  return unknown === undefined ? undefined : suggestName(unknown, keysOf(schema));
}

function invalid(problems: readonly Placed[], hint?: string): AppError {
  const listed = problems.slice(0, 20).map(({ place, path, message }) => ({ at: [place, ...path].join('.'), message }));
  const problem = listed.map(({ at, message }) => `${at}: ${message}`).join('; ');
  return new AppError('REQUEST_INVALID', { problem, problems: listed satisfies JsonValue }, hint === undefined ? {} : { hint });
}
