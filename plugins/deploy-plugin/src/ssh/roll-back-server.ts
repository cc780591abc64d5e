import type { PluginContext } from '@kb-labs/sdk';

import { keyOf } from '../note-release.js';
import type { RollbackOutcome } from '../push-outcome.js';
import { type ServerTarget, withServer } from './open-server.js';
import { ROLL_BACK } from './remote-scripts.js';
import { digestIn } from './said-record.js';

/** Makes a release on a server current again. */
export function rollBackServer(target: ServerTarget, { to = '' }: { readonly to?: string }, ctx: PluginContext): Promise<RollbackOutcome> {
  return withServer(target, ctx, async (server) => {
    const said = await server.run(ROLL_BACK, [target.path, keyOf(ctx), to]);
    return {
      release: said.get('release') ?? '',
      previous: said.get('previous') || null,
      changed: digestIn(said, 'was') !== digestIn(said, 'is'),
      repeated: said.get('repeated') === 'yes',
    };
  });
}
