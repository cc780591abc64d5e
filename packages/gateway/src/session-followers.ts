import { AppError } from '@kb-labs/errors';

import type { EngineFollowers } from './handler.js';
import { followFlowRun, followSessionRun } from './session-events.js';

/** What of sessions and flows can be followed. */
export const sessionFollowers: EngineFollowers<'sessionRunEvents' | 'streamFlow'> = {
  sessionRunEvents: ({ engine }, { params, query, caller }, { lastEventId = query.after, signal }) => {
    refuseLimit(query);
    return followSessionRun(engine, { runId: params.id, tenant: caller.tenant }, { after: lastEventId, signal });
  },

  streamFlow: ({ engine }, { params, query, caller }, { lastEventId = query.after, signal }) => {
    refuseLimit(query);
    return followFlowRun(engine, { id: params.id, tenant: caller.tenant }, { after: lastEventId, signal });
  },
};

/** What is followed has no pages. */
export function refuseLimit({ limit }: { readonly limit?: number }): void {
  if (limit !== undefined) throw new AppError('REQUEST_INVALID', { problem: 'query.limit: does not go with following' });
}
