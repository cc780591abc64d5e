import { DEFAULT_TENANT } from '@kb-labs/contracts';
import { projectSecrets } from '@kb-labs/daemon';
import { audited } from '@kb-labs/engine';

import type { CommandHandler } from '../command-context.js';
import { userName } from '../project/user-name.js';

export const execute: CommandHandler<'secret:remove'> = async (context, args) => {
  const { terminal } = context;
  // The table asks for exactly one.
  const name = args.rest[0];
  const { deps, config } = await context.engine();
  const secrets = projectSecrets({ projectRoot: config.projectRoot, env: terminal.host.env, clock: deps.clock });
  await audited(deps, { actor: userName(), tenant: DEFAULT_TENANT, action: 'secret.remove', target: name }, () => secrets.remove(name));
  if (context.json) terminal.printJson({ name });
  else terminal.print(`${terminal.style.green('✓ removed')}  ${name}`);
  return undefined;
};
