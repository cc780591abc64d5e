import type { IncomingHttpHeaders } from 'node:http';

import type { Caller, JsonObject, Permission } from '@kb-labs/contracts';

/** What is known of a request before anything of it is read. */
export interface Knock {
  readonly headers: IncomingHttpHeaders;
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly remoteAddress: string | undefined;
}

/** A line of the audit log, as far as the gateway knows it. */
export interface AccessEntry {
  readonly caller: Caller;
  /** The name of the route. */
  readonly action: string;
  /** What it is about: the path. */
  readonly target: string;
  /** `asked` is written before a change is made, `refused` after one was not. */
  readonly outcome: 'asked' | 'refused';
  /** Of a refusal: `code`. */
  readonly details: JsonObject;
}

/** Who may do what, and how often. */
export interface Access {
  /** Fails with `UNAUTHENTICATED`, and with `RATE_LIMITED` when an address has failed too often. */
  authenticate(request: Knock): Promise<Caller>;
  /** Fails with `FORBIDDEN`. */
  authorize(caller: Caller, access: Permission): void;
  /** Takes one request from what the caller may send. Answers headers for the answer; fails with `RATE_LIMITED`, whose details hold `retryAfterMs`. */
  limit(caller: Caller, route: { readonly name: string; readonly permission: Permission }): Promise<Readonly<Record<string, string>>>;
  /** Fails when it cannot be written: then the change is not made. No change stays after a power cut whose record does not. */
  record(entry: AccessEntry): Promise<void>;
}
