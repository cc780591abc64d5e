import type { Client } from '@kb-labs/client';
import type { Diagnostic } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';

import type { Library } from '../desk/library.js';
import { thaw } from './thaw.js';

/** The documents and plugins of the project that a gateway belongs to. */
export function remoteLibrary(client: Client, folder: string): Library {
  return {
    folder: () => Promise.resolve(folder),
    show: async (id) => {
      const { diagnostics, ...shown } = await thaw(client.call('getWorkflow', { params: { id } }));
      return { ...shown, diagnostics: diagnostics as Diagnostic[] };
    },
    check: async (documents) => {
      const { workflows, diagnostics } = await thaw(client.call('validateWorkflows', { body: documents === undefined ? {} : { documents } }));
      // A gateway of another version can know codes of its own; they are shown, and nothing depends on them.
      return { workflows, diagnostics: diagnostics as Diagnostic[] };
    },
    plugins: async () => (await thaw(client.call('listPlugins'))).items,
    plan: () => {
      throw new AppError('USAGE', { problem: 'a plan is made of the documents of a project, and KB_URL names a gateway' }, { hint: 'leave --dry-run out, or name the project with --project' });
    },
    planOf: () => Promise.resolve(undefined),
    refuseEarly: () => Promise.resolve(),
  };
}
