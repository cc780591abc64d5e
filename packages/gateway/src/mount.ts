import { AppError } from '@kb-labs/errors';
import type { Express, RequestHandler } from 'express';

export interface Route {
  readonly method: 'get';
  readonly path: string;
  readonly handle: RequestHandler;
}

/** Puts the routes in place. Another method on the path of a route is refused with the ones there are. */
export function mount(app: Express, routes: readonly Route[]): void {
  for (const { method, path, handle } of routes) app[method](path, handle);
  for (const path of new Set(routes.map((route) => route.path))) {
    const methods = routes.filter((route) => route.path === path).map(({ method }) => method.toUpperCase());
    app.all(path, (request, response, next) => {
      response.set('Allow', [...methods, ...(methods.includes('GET') ? ['HEAD'] : [])].join(', '));
      next(new AppError('METHOD_NOT_ALLOWED', { method: request.method, path }));
    });
  }
}
