import type { CommandHandler } from '../command-context.js';
import { sanitizeText } from '../terminal/sanitize.js';

export const execute: CommandHandler<'auth:revoke-key'> = async (context, args) => {
  const { terminal } = context;
  // The table asks for exactly one.
  const id = args.rest[0];
  const access = await context.access();
  const key = await access.revokeKey(id);
  if (context.json) terminal.printJson(key);
  else terminal.print(`${terminal.style.green('✓ revoked')}  ${key.id}  ${terminal.style.dim(`${key.role} of the tenant ${key.tenant}, ${sanitizeText(key.name)}; it is refused everywhere within 5 seconds`)}`);
  return undefined;
};
