import { showWorkflow, validateWorkflows } from '@kb-labs/engine';

import type { Handlers } from './handler.js';

export const projectHandlers: Handlers<'listWorkflows' | 'getWorkflow' | 'validateWorkflows' | 'listPlugins'> = {
  listWorkflows: async ({ engine }) => {
    const { workflows, diagnostics } = await validateWorkflows(engine);
    return { status: 200, body: { items: workflows, diagnostics } };
  },

  getWorkflow: async ({ engine }, { params }) => ({ status: 200, body: await showWorkflow(engine, params.id) }),

  validateWorkflows: async ({ engine }, { body }) => {
    const { workflows, diagnostics } = await validateWorkflows(engine, body.documents);
    return { status: 200, body: { valid: diagnostics.every(({ severity }) => severity !== 'error'), workflows, diagnostics } };
  },

  listPlugins: async ({ engine }) => ({ status: 200, body: { items: await engine.plugins.list({ verify: true }) } }),
};
