import { existsSync } from 'node:fs';

import type { OfflineComposition } from '@kb-labs/daemon';
import { planWorkflow } from '@kb-labs/engine';

import type { Library } from './library.js';

/** The documents and plugins of the project. */
export function directLibrary(offline: OfflineComposition): Library {
  const { config, deps } = offline;
  return {
    folder: () => Promise.resolve(config.projectRoot),
    // A run looks at its own document alone.
    show: async (workflowId) => (await import('../control.js')).showWorkflow(deps, workflowId),
    check: async (sources) => (await import('../control.js')).validateWorkflows(deps, sources),
    plugins: () => deps.plugins.list({ verify: true }),
    plan: (command) => planWorkflow(deps, command),
    planOf: async (entry) => {
      const { readPlan } = await import('../control.js');
      return readPlan(offline, entry);
    },
    // The very first run makes the state, and one that is refused must leave nothing behind.
    refuseEarly: async (command) => {
      if (!existsSync(config.stateDir)) await planWorkflow(deps, command);
    },
  };
}
