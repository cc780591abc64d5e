import { answerApproval, callBack, listApprovals, sendSignal } from '@kb-labs/engine';

import { findRun } from './find-run.js';
import type { Handlers } from './handler.js';

/** What callers without a name are called. */
const NOBODY = 'callback';

export const waitingHandlers: Handlers<'decideApproval' | 'listApprovals' | 'sendSignal' | 'callBack'> = {
  decideApproval: async ({ engine }, { run, params, body, caller }) => ({
    status: 200,
    body: await answerApproval(engine, { runId: run.id, step: params.stepId, by: caller.name, ...body }),
  }),

  listApprovals: async ({ engine }, { query, caller }) => ({ status: 200, body: await listApprovals(engine, { ...query, tenant: caller.tenant }) }),

  sendSignal: async ({ engine }, { params, query: { runId }, body, caller }) => {
    if (runId !== undefined) await findRun(engine, runId, caller.tenant);
    const sent = await sendSignal(engine, { name: params.name, payload: body, by: caller.name, tenant: caller.tenant, ...(runId === undefined ? {} : { runId }) });
    return { status: 200, body: sent };
  },

  callBack: async ({ engine }, { params, body }) => {
    const { id } = await callBack(engine, { token: params.token, payload: body, by: NOBODY });
    return { status: 200, body: { runId: id } };
  },
};
