import type * as z from 'zod/mini';

import type { Permission } from '../access.js';

type Schema = z.ZodMiniType;

/**
 * Who may use a route: everybody, whoever has a permission, or whoever sends a proof with the request that belongs to it
 * alone (an address that cannot be guessed, a signature) and that the route checks.
 */
export type RouteAccess = 'public' | 'proof' | Permission;

export interface RouteAnswer {
  readonly status: number;
  /** Of the JSON in the body; bytes; or text that is no JSON, with its type. */
  readonly body: Schema | 'binary' | { readonly text: string };
  readonly when?: string;
}

/** One row of the table of routes. */
export interface RouteSpec {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Parameters as `:name`. */
  readonly path: `/${string}`;
  readonly tag: string;
  /** One line. */
  readonly summary: string;
  readonly description?: string;
  readonly access: RouteAccess;
  /** Of the parameters of the path, all of them. */
  readonly params?: Schema;
  /** No query is accepted when left out. */
  readonly query?: Schema;
  /** No body is read when left out. An empty body stands for `{}`. */
  readonly body?: Schema;
  /** The body is handed over as it came, up to a bound: what it says is only read once its proof holds. */
  readonly raw?: true;
  /** Of the body: the members that the audit log keeps. Values that people fill in stay out of it. */
  readonly recorded?: readonly string[];
  /** Takes the header `Idempotency-Key`. */
  readonly idempotent?: true;
  /** Those that are no problem. */
  readonly answers: readonly [RouteAnswer, ...RouteAnswer[]];
  /** Of the data of its events, when asked for as `text/event-stream`. */
  readonly stream?: Schema;
}
