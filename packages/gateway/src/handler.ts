import type { IncomingHttpHeaders } from 'node:http';

import type { Caller, JsonObject, RunSummary } from '@kb-labs/contracts';
import type {
  BinaryName,
  BodyOf,
  CallerName,
  JsonAnswerOf,
  ParamsOf,
  QueryOf,
  RouteName,
  ROUTES,
  StreamedBy,
  StreamName,
  TextName,
} from '@kb-labs/contracts/http';
import type { EngineDeps } from '@kb-labs/engine';

import type { Metrics } from './metrics.js';
import type { Readiness } from './readiness.js';

/** What handlers work with. */
export interface GatewayDeps {
  readonly engine: EngineDeps;
  /** Whether browsers come by TLS. */
  readonly secure: boolean;
  readonly metrics: Metrics;
  readonly readiness: () => Promise<Readiness>;
  readonly description: () => Description;
}

/** What is answered, described for programs and for people. */
export interface Description {
  readonly openApi: JsonObject;
  readonly page: TextAnswer;
}

/** Routes about one run: it is looked up, in the tenant of the caller, before they are called. */
export const RUN_PATH = '/api/v1/workflows/runs/:id';
type RunRouteName = { [Name in RouteName]: (typeof ROUTES)[Name]['path'] extends `${typeof RUN_PATH}${string}` ? Name : never }[RouteName];

/** A request that was let in and checked. */
export interface RequestTo<Name extends RouteName> {
  readonly params: ParamsOf<Name>;
  readonly query: QueryOf<Name>;
  readonly body: BodyOf<Name>;
  /** Of its header, for routes that take one. */
  readonly idempotencyKey: string | undefined;
  readonly headers: IncomingHttpHeaders;
  /** The bytes of the body, for routes that check a proof on them. */
  readonly raw: (typeof ROUTES)[Name] extends { readonly raw: true } ? Uint8Array : undefined;
  readonly caller: Name extends CallerName ? Caller : undefined;
  readonly run: Name extends RunRouteName ? RunSummary : undefined;
  /** Of a request that asks to wait: aborted when its client has gone, or the gateway stops. */
  readonly signal: AbortSignal | undefined;
}

interface JsonAnswer<Body = unknown> {
  readonly status: number;
  readonly body: Body;
}

export interface BinaryAnswer {
  readonly status: number;
  readonly bytes: AsyncIterable<Uint8Array>;
  readonly length: number;
  readonly headers: Readonly<Record<string, string>>;
}

export interface TextAnswer {
  readonly status: number;
  readonly text: string;
  readonly headers: Readonly<Record<string, string>>;
}

export type Answer = JsonAnswer | BinaryAnswer | TextAnswer;
type AnswerOf<Name extends RouteName> = Name extends BinaryName ? BinaryAnswer : Name extends TextName ? TextAnswer : JsonAnswer<JsonAnswerOf<Name>>;

type Handler<Name extends RouteName> = (deps: GatewayDeps, request: RequestTo<Name>) => Promise<AnswerOf<Name>> | AnswerOf<Name>;

/** One per row of the table of routes. */
export type Handlers<Name extends RouteName = RouteName> = { readonly [Each in Name]: Handler<Each> };

/** Those that need nothing but the engine: they answer without a server as well. */
export type EngineHandlers<Name extends RouteName> = { readonly [Each in Name]: (deps: Pick<GatewayDeps, 'engine'>, request: RequestTo<Each>) => Promise<AnswerOf<Each>> };

export interface StreamedEvent<Data = unknown> {
  /** Sent back as `Last-Event-ID`, the events go on behind this one. */
  readonly id: string;
  readonly data: Data;
}

/** Fails before it answers when `lastEventId` is none of its own, or when there is nothing to follow. */
type Follower<Name extends StreamName> = (
  deps: GatewayDeps,
  request: RequestTo<Name>,
  options: { readonly lastEventId: string | undefined; readonly signal: AbortSignal },
) => AsyncIterable<StreamedEvent<StreamedBy<Name>>> | Promise<AsyncIterable<StreamedEvent<StreamedBy<Name>>>>;

export type EngineFollowers<Name extends StreamName> = {
  readonly [Each in Name]: (
    deps: Pick<GatewayDeps, 'engine'>,
    request: RequestTo<Each>,
    options: { readonly lastEventId: string | undefined; readonly signal: AbortSignal },
  ) => Promise<AsyncIterable<StreamedEvent<StreamedBy<Each>>>>;
};

export type Followers = { readonly [Name in StreamName]: Follower<Name> };
