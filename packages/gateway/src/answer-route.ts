import type { Caller, JsonObject } from '@kb-labs/contracts';
import { type RouteName, ROUTES, type RouteSpec } from '@kb-labs/contracts/http';
import { audited, type EngineDeps } from '@kb-labs/engine';

import { flowHandlers } from './flow-handlers.js';
import type { EngineHandlers, GatewayDeps, StreamedEvent } from './handler.js';
import { playbookHandlers } from './playbook-handlers.js';
import { checkParts, isChange, recordedOf } from './read-request.js';
import { sessionFollowers } from './session-followers.js';
import { sessionHandlers } from './session-handlers.js';
import { promptHandlers, sessionRunHandlers } from './session-run-handlers.js';

export type EngineRouteName = keyof typeof playbookHandlers | keyof typeof flowHandlers | keyof typeof sessionHandlers | keyof typeof sessionRunHandlers | keyof typeof promptHandlers;

const HANDLERS: EngineHandlers<EngineRouteName> = { ...playbookHandlers, ...flowHandlers, ...sessionHandlers, ...sessionRunHandlers, ...promptHandlers };

export function isEngineRoute(name: RouteName): name is EngineRouteName {
  return Object.hasOwn(HANDLERS, name);
}

export function isFollowedRoute(name: RouteName): name is keyof typeof sessionFollowers {
  return Object.hasOwn(sessionFollowers, name);
}

/** A request in parts, as a client is given them. */
export interface RouteRequest {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly body?: unknown;
  readonly idempotencyKey?: string;
}

type AnyHandler = (deps: Pick<GatewayDeps, 'engine'>, asked: unknown) => Promise<{ readonly status: number; readonly body: unknown }>;
type AnyFollower = (deps: Pick<GatewayDeps, 'engine'>, asked: unknown, options: { readonly lastEventId: string | undefined; readonly signal: AbortSignal }) => Promise<AsyncIterable<StreamedEvent>>;

/** What a route answers `caller`. A change is in the audit log, like one that came over HTTP. Fails as the route does. */
export async function answerRoute(engine: EngineDeps, caller: Caller, { name, ...request }: RouteRequest & { readonly name: EngineRouteName }): Promise<{ readonly status: number; readonly body: unknown }> {
  const route: RouteSpec = ROUTES[name];
  const parts = checkParts(route, { ...request, query: asText(request.query) });
  const handler = HANDLERS[name] as AnyHandler;
  const act = () => handler({ engine }, { ...parts, idempotencyKey: request.idempotencyKey, headers: {}, caller, raw: undefined, run: undefined });
  if (!isChange(route)) return act();
  const entry = { actor: caller.name, tenant: caller.tenant, action: name, target: pathOf(route, request.params), details: recordedOf(route, parts.body) satisfies JsonObject };
  return audited(engine, entry, act);
}

/** The events of a route that can be followed. Fails as the route does. */
export async function followRoute(
  engine: EngineDeps,
  caller: Caller,
  { name, signal, ...request }: RouteRequest & { readonly name: keyof typeof sessionFollowers; readonly signal: AbortSignal },
): Promise<AsyncIterable<StreamedEvent>> {
  const parts = checkParts(ROUTES[name], { ...request, query: asText(request.query) });
  return (sessionFollowers[name] as AnyFollower)({ engine }, { ...parts, caller }, { lastEventId: undefined, signal });
}

/** Queries are text, and are read from it. */
function asText(query: RouteRequest['query'] = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(query).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])));
}

function pathOf({ path }: RouteSpec, params: RouteRequest['params'] = {}): string {
  return path.replaceAll(/:(\w+)/g, (_whole, name: string) => encodeURIComponent(params[name] ?? ''));
}
