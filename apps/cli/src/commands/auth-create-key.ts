import { parseDuration, type Role, ROLES } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';

import type { CommandHandler } from '../command-context.js';
import { sanitizeText } from '../terminal/sanitize.js';

const DAY_MS = 24 * 3_600_000;

export const execute: CommandHandler<'auth:create-key'> = async (context, args) => {
  const { terminal } = context;
  const role = toRole(args.role);
  const lifeMs = args.expires === undefined ? undefined : parseLife(args.expires);
  const access = await context.access();
  const key = await access.createKey({
    role,
    ...(args.name === undefined ? {} : { name: args.name }),
    ...(args.tenant === undefined ? {} : { tenant: args.tenant }),
    ...(lifeMs === undefined ? {} : { lifeMs }),
  });
  if (context.json) {
    terminal.printJson(key);
    return undefined;
  }
  const end = key.expiresAt === null ? 'for ever' : `until ${key.expiresAt}`;
  terminal.print(key.key);
  terminal.note(`this is shown once: ${role} of the tenant ${key.tenant}, ${end}, as ${sanitizeText(key.name)}. "kb auth:revoke-key ${key.id}" takes it back`);
  return undefined;
};

/** The table lets no other text through. */
function toRole(text: string): Role {
  const role = ROLES.find((known) => known === text);
  if (role === undefined) throw new AppError('INTERNAL', { problem: `"${text}" is no role` });
  return role;
}

function parseLife(written: string): number {
  const days = /^(\d{1,5})d$/.exec(written)?.[1];
  const ms = days === undefined ? parseDuration(written) : Number(days) * DAY_MS;
  if (ms !== undefined && ms > 0) return ms;
  throw new AppError('USAGE', { problem: `--expires cannot be "${written}"` }, { hint: 'write how long the key is good for, such as 90d or 12h' });
}
