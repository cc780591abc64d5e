import type { JsonObject } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';

import type { Handlers } from './handler.js';
import type { Readiness } from './readiness.js';

export const operationHandlers: Handlers<'health' | 'readiness' | 'metrics' | 'openApi' | 'docs'> = {
  // Whoever answers is alive: what it depends on is the matter of readiness, and no reason to be restarted.
  health: () => ({ status: 200, body: { status: 'alive' } }),

  readiness: async ({ readiness }) => {
    const { ready, checks } = await readiness();
    if (!ready) throw notReady(checks);
    return { status: 200, body: { status: 'ready', checks } };
  },

  metrics: async ({ metrics }) => {
    const { contentType, text } = await metrics.render();
    return { status: 200, text, headers: { 'Content-Type': contentType } };
  },

  openApi: ({ description }) => ({ status: 200, body: description().openApi }),

  docs: ({ description }) => description().page,
};

function notReady(checks: Readiness['checks']): AppError {
  const failed = Object.entries(checks).filter(([, answer]) => answer !== 'ok');
  const details: JsonObject = { problem: failed.map(([name, answer]) => `${name}: ${answer}`).join('; '), checks: { ...checks } };
  return new AppError('NOT_READY', details);
}
