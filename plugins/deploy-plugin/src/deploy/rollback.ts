import { type CommandHandler, FatalError } from '@kb-labs/sdk';

import { askProgram } from '../ask-program.js';
import { rollBackBranch } from '../git/roll-back-branch.js';
import { keyOf } from '../note-release.js';
import type { rollbackCommand } from '../plugin.js';
import { findRollbackTarget } from '../settings/find-target.js';
import { rollBackServer } from '../ssh/roll-back-server.js';

const COMMIT = /^[0-9a-f]{40,64}$/;

const rollback: CommandHandler<typeof rollbackCommand> = async (input, ctx) => {
  const { to } = input;
  const target = await findRollbackTarget(input, ctx);
  if (to !== undefined && COMMIT.test(to) !== (target.type === 'git')) {
    throw new FatalError(target.type === 'git' ? 'a release of a branch is a commit' : 'a commit is no release of a folder', { code: 'INPUT_INVALID' });
  }
  const named = to === undefined ? {} : { to };
  switch (target.type) {
    case 'directory': {
      const { release, previous, changed, repeated } = await askProgram(ctx, { act: 'rollback', workspace: ctx.workspace, path: target.path, key: keyOf(ctx), ...named });
      return { target: 'directory', release, previous, changed, repeated };
    }
    case 'git':
      return { target: 'git', ...(await rollBackBranch(target, named, ctx)) };
    case 'ssh':
      return { target: 'ssh', ...(await rollBackServer(target, named, ctx)) };
  }
};

export default rollback;
