import { ROUTE_NAMES, ROUTES, type RouteSpec } from '@kb-labs/contracts/http';
import { AppError } from '@kb-labs/errors';
import type { Express, RequestHandler } from 'express';

import { serveRoute, type ServeDeps } from './serve-route.js';

/** Puts the rows of the table in place. Another method on the path of a row is refused with the ones there are. */
export function mountRoutes(app: Express, deps: ServeDeps): void {
  const methods = new Map<string, string[]>();
  for (const name of ROUTE_NAMES) {
    const { method, path, access }: RouteSpec = ROUTES[name];
    // Whoever only looks at the head of what a proof opens must not use the proof up.
    const hasHead = method === 'GET' && access !== 'proof';
    app[VERBS[method]](path, hasHead ? passOn : refuseHead, serveRoute(name, deps));
    methods.set(path, [...(methods.get(path) ?? []), method, ...(hasHead ? ['HEAD'] : [])]);
  }
  for (const [path, known] of methods) app.route(path).all(refuse(known));
}

const passOn: RequestHandler = (_request, _response, next) => {
  next();
};

const refuseHead: RequestHandler = (request, response, next) => {
  if (request.method === 'HEAD') refuse(['GET'])(request, response, next);
  else next();
};

function refuse(known: readonly string[]): RequestHandler {
  return (request, response, next) => {
    response.set('Allow', known.join(', '));
    next(new AppError('METHOD_NOT_ALLOWED', { method: request.method, path: request.path }));
  };
}

const VERBS = { GET: 'get', POST: 'post', PUT: 'put', DELETE: 'delete' } as const;
