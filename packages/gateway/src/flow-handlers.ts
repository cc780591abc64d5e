import type { JsonObject, StartFlowRequest } from '@kb-labs/contracts';
import { addEvidence, cancelFlow, exportFlow, exportText, listFlows, readFlow, readFlowEvents, startFlow } from '@kb-labs/engine';

import { parseSeq } from './follow-places.js';
import type { EngineHandlers } from './handler.js';
import { toEventPage } from './session-events.js';
import { toWirePage } from './wire-page.js';

type FlowRoutes = 'startFlow' | 'listFlows' | 'getFlow' | 'cancelFlow' | 'streamFlow' | 'addEvidence' | 'exportFlow';

export const flowHandlers: EngineHandlers<FlowRoutes> = {
  startFlow: async ({ engine }, { body, caller, idempotencyKey: key = body.idempotency_key }) => {
    // What came over a wire is nobody else's, and may be taken as it is written.
    const request = { ...body, ...(key === undefined ? {} : { idempotency_key: key }) } as StartFlowRequest;
    const { flow, repeated } = await startFlow(engine, { request, by: caller.name, tenant: caller.tenant, role: caller.role });
    return { status: repeated ? 200 : 201, body: flow };
  },

  listFlows: async ({ engine }, { query, caller }) => ({ status: 200, body: toWirePage(await listFlows(engine, { ...query, tenant: caller.tenant })) }),

  getFlow: async ({ engine }, { params, caller }) => ({ status: 200, body: await readFlow(engine, { ...params, tenant: caller.tenant }) }),

  cancelFlow: async ({ engine }, { params, body, caller }) => ({ status: 200, body: await cancelFlow(engine, { ...params, ...body, by: caller.name, tenant: caller.tenant }) }),

  streamFlow: async ({ engine }, { params, query: { after, limit }, caller }) => {
    const page = await readFlowEvents(engine, { id: params.id, tenant: caller.tenant, ...(after === undefined ? {} : { after: parseSeq(after) }), ...(limit === undefined ? {} : { limit }) });
    return { status: 200, body: toEventPage(page) };
  },

  addEvidence: async ({ engine }, { params, body, caller }) => {
    const { flow } = await addEvidence(engine, { ...params, evidenceRefs: body.evidence_refs, by: caller.name, tenant: caller.tenant });
    return { status: 200, body: flow };
  },

  // Its keys in the order of its text: what is answered can be checked to the last byte.
  exportFlow: async ({ engine }, { params, caller }) => {
    const exported = await exportFlow(engine, { ...params, tenant: caller.tenant });
    return { status: 200, body: JSON.parse(exportText(exported)) as JsonObject };
  },
};
