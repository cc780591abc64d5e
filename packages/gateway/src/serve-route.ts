import type { Caller, Permission } from '@kb-labs/contracts';
import { type RouteName, ROUTES, type RouteSpec, type StreamName } from '@kb-labs/contracts/http';
import { fromUnknown } from '@kb-labs/errors';
import type { Request, RequestHandler, Response } from 'express';

import type { Access } from './access/access.js';
import { findRun } from './find-run.js';
import { followers } from './followers.js';
import { type Answer, type GatewayDeps, RUN_PATH, type StreamedEvent } from './handler.js';
import { handlers } from './handlers.js';
import type { OpenStreams } from './open-streams.js';
import { readJsonBody, readRawBody } from './read-body.js';
import { checkBody, idempotencyKeyOf, isChange, readHead, recordedOf } from './read-request.js';
import { sendBytes } from './send-bytes.js';
import { HEARTBEAT_MS, sendEvents } from './send-events.js';

export interface ServeDeps extends GatewayDeps {
  readonly access: Access;
  readonly streams: OpenStreams;
}

/**
 * Answers one row of the table: who asks, whether they may, how often; only then what they want is read. A change is put on
 * record before it is made, and again when it was refused.
 */
export function serveRoute(name: RouteName, deps: ServeDeps): RequestHandler {
  const route: RouteSpec = ROUTES[name];
  const { access } = deps;
  const { clock } = deps.engine;
  return async (request, response) => {
    if (route.access === 'public' || route.access === 'proof') {
      const answered = await answer(request, response, undefined);
      if (answered !== undefined) await send(response, request, answered);
      return;
    }
    const permission = route.access;
    const askedAt = clock.now();
    const caller = await access.authenticate(knockOf(request));
    const refused = (thrown: unknown): Promise<void> =>
      access.record({ caller, action: name, target: request.path, outcome: 'refused', details: { code: fromUnknown(thrown).code } });
    await orRecord(() => {
      access.authorize(caller, permission);
    }, refused);
    response.set({ ...(await access.limit(caller, { name, permission })) });
    const answered = isChange(route) ? await orRecord(() => answer(request, response, caller), refused) : await answer(request, response, caller);
    if (answered === undefined) return;
    // As of a stream: whoever waited so long may have lost their key meanwhile.
    if (clock.now() - askedAt >= HEARTBEAT_MS) access.authorize(await access.authenticate(knockOf(request)), permission);
    await send(response, request, answered);
  };

  /** Nothing is left to answer when it was followed. */
  async function answer(request: Request, response: Response, caller: Caller | undefined): Promise<Answer | undefined> {
    const { params, query } = readHead(route, request);
    const written = route.body === undefined ? undefined : checkBody(route.body, await readJsonBody(request));
    if (caller !== undefined && isChange(route)) await access.record({ caller, action: name, target: request.path, outcome: 'asked', details: recordedOf(route, written) });
    const raw = route.raw === true ? await readRawBody(request) : undefined;
    const idempotencyKey = idempotencyKeyOf(route, request, written);
    const run = caller !== undefined && route.path.startsWith(RUN_PATH) ? await findRun(deps.engine, String(request.params['id']), caller.tenant) : undefined;
    const signal = caller !== undefined && waits(query) ? deps.streams.open(response, caller.tenant) : undefined;
    const asked = { params, query, body: written, idempotencyKey, headers: request.headers, raw, caller, run, signal };
    if (isFollowed(name, route, request) && caller !== undefined) {
      await follow(name, { request, response, caller, asked });
      return undefined;
    }
    return (handlers[name] as (deps: GatewayDeps, asked: unknown) => Promise<Answer> | Answer)(deps, asked);
  }

  async function follow(followed: StreamName, { request, response, caller, asked }: { request: Request; response: Response; caller: Caller; asked: unknown }): Promise<void> {
    const signal = deps.streams.open(response, caller.tenant);
    const lastEventId = request.get('last-event-id');
    const start = followers[followed] as (deps: GatewayDeps, asked: unknown, options: object) => AsyncIterable<StreamedEvent> | Promise<AsyncIterable<StreamedEvent>>;
    const events = await start(deps, asked, { ...(lastEventId === undefined || lastEventId === '' ? {} : { lastEventId }), signal });
    const recheck = async (): Promise<void> => {
      access.authorize(await access.authenticate(knockOf(request)), route.access as Permission);
    };
    await sendEvents(response, events, { clock, signal, recheck });
  }
}

function knockOf(request: Request): Parameters<Access['authenticate']>[0] {
  return { headers: request.headers, method: request.method, path: request.path, remoteAddress: request.socket.remoteAddress };
}

async function orRecord<Done>(act: () => Promise<Done> | Done, refused: (thrown: unknown) => Promise<void>): Promise<Done> {
  try {
    return await act();
  } catch (thrown) {
    await refused(thrown);
    throw thrown;
  }
}

/** Whoever takes anything gets JSON, and of a route that is named for it a stream. */
function isFollowed(name: RouteName, { path }: RouteSpec, request: Request): name is StreamName {
  const offered = ['application/json', 'text/event-stream'];
  return Object.hasOwn(followers, name) && request.method === 'GET' && request.accepts(path.endsWith('/stream') ? offered.toReversed() : offered) === 'text/event-stream';
}

/** Whether it is answered later than it could be: then it holds a watch on the state, like a stream. */
function waits(query: unknown): boolean {
  return typeof query === 'object' && query !== null && 'wait' in query && query.wait !== 0;
}

async function send(response: Response, request: Request, answer: Answer): Promise<void> {
  if ('body' in answer) response.status(answer.status).json(answer.body);
  else if ('text' in answer) response.status(answer.status).set({ ...answer.headers }).end(answer.text);
  else await sendBytes(response, request, answer);
}
