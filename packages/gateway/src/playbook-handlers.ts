import { createPlaybook, diffPlaybooks, listPlaybooks, publishPlaybook, readPlaybook, revokePlaybook, stopFlowsOf, validatePlaybook } from '@kb-labs/engine';

import type { EngineHandlers } from './handler.js';
import { toWirePage } from './wire-page.js';

type PlaybookRoutes = 'validatePlaybook' | 'createPlaybook' | 'listPlaybooks' | 'getPlaybook' | 'diffPlaybooks' | 'publishPlaybook' | 'revokePlaybook';

export const playbookHandlers: EngineHandlers<PlaybookRoutes> = {
  validatePlaybook: async ({ engine }, { body: { text, file = 'manifest' } }) => {
    const { manifest, digest, diagnostics } = await validatePlaybook(engine, { text, file });
    return { status: 200, body: { valid: diagnostics.every(({ severity }) => severity !== 'error'), manifest, digest, diagnostics } };
  },

  createPlaybook: async ({ engine }, { body, caller }) => {
    const { playbook, created } = await createPlaybook(engine, { manifest: body.manifest, by: caller.name, tenant: caller.tenant });
    return { status: created ? 201 : 200, body: playbook };
  },

  listPlaybooks: async ({ engine }, { query: { playbook_id: id, ...query }, caller }) => ({
    status: 200,
    body: toWirePage(await listPlaybooks(engine, { ...query, tenant: caller.tenant, ...(id === undefined ? {} : { id }) })),
  }),

  getPlaybook: async ({ engine }, { params, query, caller }) => ({ status: 200, body: await readPlaybook(engine, { ...params, ...query, tenant: caller.tenant }) }),

  diffPlaybooks: async ({ engine }, { params: { id }, query, caller }) => ({
    status: 200,
    body: await diffPlaybooks(engine, { from: { id, version: query.from }, to: { id, version: query.to }, tenant: caller.tenant }),
  }),

  publishPlaybook: async ({ engine }, { params, body: { evidence_refs: evidenceRefs, ...body }, caller }) => ({
    status: 200,
    body: await publishPlaybook(engine, { ...params, ...body, evidenceRefs, by: caller.name, tenant: caller.tenant }),
  }),

  revokePlaybook: async ({ engine }, { params, body: { stop_running: stops = false, ...body }, caller }) => {
    const { name: by, tenant } = caller;
    const playbook = await revokePlaybook(engine, { ...params, ...body, by, tenant });
    // Afterwards: no flow of it can start any more while those that go on are stopped.
    if (stops) await stopFlowsOf(engine, playbook, { tenant, by, reason: body.reason });
    return { status: 200, body: playbook };
  },
};
