import type { CommandHandler } from '@kb-labs/sdk';

import type { pushCommand } from '../plugin.js';
import { pushByCommand } from '../push-by-command.js';
import { pushToBranch } from '../git/push-to-branch.js';
import { noteOf } from '../note-release.js';
import { pushToFolder } from '../push-to-folder.js';
import { findPushTarget } from '../settings/find-target.js';
import { pushToServer } from '../ssh/push-to-server.js';

const push: CommandHandler<typeof pushCommand> = async (input, ctx) => {
  const { target, ...said } = await findPushTarget(input, ctx);
  const [version, url] = [input.version ?? said.version, input.url ?? said.url];
  const note = await noteOf(ctx, { version, url });
  const seen = url === undefined ? {} : { url };
  switch (target.type) {
    case 'command':
      return { target: 'command', ...(await pushByCommand(target, note, ctx)), ...seen };
    case 'directory':
      return { target: 'directory', ...(await pushToFolder(target, note, ctx)), ...seen };
    case 'git':
      return { target: 'git', ...(await pushToBranch(target, note, ctx)), ...seen };
    case 'ssh':
      return { target: 'ssh', ...(await pushToServer(target, note, ctx)), ...seen };
  }
};

export default push;
