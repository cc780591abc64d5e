import type { JsonObject } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';

import type { Metrics } from './metrics.js';
import type { Route } from './mount.js';
import type { Readiness } from './readiness.js';

export interface RouteDeps {
  readonly readiness: () => Promise<Readiness>;
  readonly metrics: Metrics;
}

/** Everything that is answered. */
export function routesOf({ readiness, metrics }: RouteDeps): readonly Route[] {
  return [
    {
      // Whoever answers is alive: what it depends on is the matter of readiness, and no reason to be restarted.
      method: 'get',
      path: '/healthz',
      handle: (_request, response) => {
        response.json({ status: 'alive' });
      },
    },
    {
      method: 'get',
      path: '/readyz',
      handle: async (_request, response) => {
        const { ready, checks } = await readiness();
        if (!ready) throw notReady(checks);
        response.json({ status: 'ready', checks });
      },
    },
    {
      method: 'get',
      path: '/metrics',
      handle: async (_request, response) => {
        const { contentType, text } = await metrics.render();
        response.type(contentType).send(text);
      },
    },
  ];
}

function notReady(checks: Readiness['checks']): AppError {
  const failed = Object.entries(checks).filter(([, answer]) => answer !== 'ok');
  const details: JsonObject = { problem: failed.map(([name, answer]) => `${name}: ${answer}`).join('; '), checks: { ...checks } };
  return new AppError('NOT_READY', details);
}
