import type { BinaryName, BodyOf, ParamsOf, QueryOf, RouteName } from '@kb-labs/contracts/http';

/** The part `Key` of a request: absent where the route has none, and optional where nothing of it is required. */
type Part<Key extends string, Value> = [Value] extends [undefined] ? object : object extends Value ? { readonly [Each in Key]?: Value } : { readonly [Each in Key]: Value };

/** What a request to a route is made of. */
export type RequestTo<Name extends RouteName> = Part<'params', ParamsOf<Name>> &
  Part<'query', QueryOf<Name>> &
  Part<'body', BodyOf<Name>> & {
    /** For routes that take one: the same key is carried out once. */
    readonly idempotencyKey?: string;
    readonly signal?: AbortSignal;
  };

/** Of a route that answers bytes. */
export type DownloadOf<Name extends BinaryName> = RequestTo<Name> & {
  /** Only these bytes, counted from 0, the last one included: of what is shorter, as many as there are. */
  readonly range?: readonly [first: number, last: number];
};

/** Left out where nothing is required. */
export type Arguments<Name extends RouteName> = object extends RequestTo<Name> ? [request?: RequestTo<Name>] : [request: RequestTo<Name>];

/** The parts as they are sent. */
export interface AnyRequest {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly body?: unknown;
  readonly idempotencyKey?: string;
  readonly signal?: AbortSignal;
  readonly range?: readonly [first: number, last: number];
}
