import type { ApiKeyView } from '@kb-labs/contracts';

import type { CommandHandler } from '../command-context.js';
import { formatAge } from '../render/times.js';
import { sanitizeText } from '../terminal/sanitize.js';
import type { Terminal } from '../terminal/terminal.js';
import { printPage } from './print-page.js';

export const execute: CommandHandler<'auth:list-keys'> = async (context, args) => {
  const { terminal } = context;
  const access = await context.access();
  const page = await access.listKeys({
    ...(args.tenant === undefined ? {} : { tenant: args.tenant }),
    ...(args.limit === undefined ? {} : { limit: args.limit }),
    ...(args.cursor === undefined ? {} : { cursor: args.cursor }),
  });
  printPage(context, page, { none: 'no keys', header: ['KEY', 'NAME', 'ROLE', 'STATUS', 'MADE', 'LAST USED', 'EXPIRES'], rowOf: (key) => rowOf(key, terminal) });
  return undefined;
};

function rowOf(key: ApiKeyView, { style, now }: Terminal): string[] {
  return [
    key.id,
    sanitizeText(key.name),
    key.role,
    key.status === 'active' ? style.green(key.status) : style.yellow(key.status),
    formatAge(key.createdAt, now()),
    key.lastUsedAt === null ? 'never' : formatAge(key.lastUsedAt, now()),
    key.expiresAt ?? 'never',
  ];
}
