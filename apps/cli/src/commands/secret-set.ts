import { DEFAULT_TENANT } from '@kb-labs/contracts';
import { text } from 'node:stream/consumers';

import { projectSecrets } from '@kb-labs/daemon';
import { audited } from '@kb-labs/engine';
import { AppError } from '@kb-labs/errors';

import type { CommandContext, CommandHandler } from '../command-context.js';
import { userName } from '../project/user-name.js';
import { askHidden } from '../terminal/ask-hidden.js';

export const execute: CommandHandler<'secret:set'> = async (context, args) => {
  const { terminal } = context;
  // The table asks for exactly one.
  const name = args.rest[0];
  const value = await readValue(context, name);
  const { deps, config } = await context.engine();
  const secrets = projectSecrets({ projectRoot: config.projectRoot, env: terminal.host.env, clock: deps.clock });
  const act = { actor: userName(), tenant: DEFAULT_TENANT, action: 'secret.set', target: name };
  const { keyMade, hidden } = await audited(deps, act, () => secrets.set(name, value));
  if (context.json) terminal.printJson({ name, from: 'file' });
  else terminal.print(`${terminal.style.green('✓ kept')}  ${name}`);
  if (keyMade !== undefined) terminal.note(`made the key ${keyMade}: keep a copy of it elsewhere, nothing else opens the kept secrets`);
  if (hidden) terminal.note(`KB_SECRET_${name} of the environment goes before it`);
  return undefined;
};

/** One line end belongs to whoever has written the line, not to the secret. */
async function readValue({ terminal }: CommandContext, name: string): Promise<string> {
  const { stdin } = terminal.host;
  if (stdin.isTTY !== true) return (await text(stdin)).replace(/\r?\n$/, '');
  if (!terminal.canAsk()) throw new AppError('USAGE', { problem: 'nobody can be asked here' }, { hint: `pass the value to standard input: kb secret:set ${name} < FILE` });
  return askHidden(terminal, `${name}: `);
}
