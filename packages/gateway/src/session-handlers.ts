import { createSession, endSession, listAgents, listSessionRuns, listSessions, readAgent, readSession, submitInput } from '@kb-labs/engine';

import type { EngineHandlers } from './handler.js';
import { toWirePage } from './wire-page.js';

type SessionRoutes = 'createSession' | 'listSessions' | 'getSession' | 'endSession' | 'submitInput' | 'listRunsOfSession' | 'listAgents' | 'getAgent';

export const sessionHandlers: EngineHandlers<SessionRoutes> = {
  createSession: async ({ engine }, { body: { session_id: id, ...body }, caller }) => {
    const { session, created } = await createSession(engine, { ...body, ...(id === undefined ? {} : { id }), by: caller.name, tenant: caller.tenant });
    return { status: created ? 201 : 200, body: session };
  },

  listSessions: async ({ engine }, { query, caller }) => ({ status: 200, body: toWirePage(await listSessions(engine, { ...query, tenant: caller.tenant })) }),

  getSession: async ({ engine }, { params, caller }) => ({ status: 200, body: await readSession(engine, { sessionId: params.id, tenant: caller.tenant }) }),

  endSession: async ({ engine }, { params, body, caller }) => ({ status: 200, body: await endSession(engine, { sessionId: params.id, tenant: caller.tenant, by: caller.name, ...body }) }),

  submitInput: async ({ engine }, { params, body, caller, idempotencyKey: key = body.idempotency_key }) => {
    const request = { ...body, ...(key === undefined ? {} : { idempotency_key: key }) };
    const { run, repeated } = await submitInput(engine, { sessionId: params.id, tenant: caller.tenant, request, by: caller.name });
    return { status: repeated ? 200 : 201, body: run };
  },

  listRunsOfSession: async ({ engine }, { params, query, caller }) => ({
    status: 200,
    body: toWirePage(await listSessionRuns(engine, { ...query, sessionId: params.id, tenant: caller.tenant })),
  }),

  listAgents: async ({ engine }, { query, caller }) => ({ status: 200, body: toWirePage(await listAgents(engine, { ...query, tenant: caller.tenant })) }),

  getAgent: async ({ engine }, { params, caller }) => ({ status: 200, body: await readAgent(engine, { id: params.id, tenant: caller.tenant }) }),
};
