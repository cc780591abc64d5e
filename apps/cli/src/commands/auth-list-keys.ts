import type { ApiKeyView } from '@kb-labs/contracts';

import type { CommandHandler } from '../command-context.js';
import { renderTable } from '../render/table.js';
import { formatAge } from '../render/times.js';
import { sanitizeText } from '../terminal/sanitize.js';
import type { Terminal } from '../terminal/terminal.js';

export const execute: CommandHandler<'auth:list-keys'> = async (context, args) => {
  const { terminal } = context;
  const access = await context.access();
  const page = await access.listKeys({
    ...(args.tenant === undefined ? {} : { tenant: args.tenant }),
    ...(args.limit === undefined ? {} : { limit: args.limit }),
    ...(args.cursor === undefined ? {} : { cursor: args.cursor }),
  });
  if (context.json) {
    terminal.printJson(page);
    return undefined;
  }
  if (page.items.length === 0) {
    terminal.note('no keys');
    return undefined;
  }
  const header = ['KEY', 'NAME', 'ROLE', 'STATUS', 'MADE', 'LAST USED', 'EXPIRES'];
  terminal.print(renderTable(page.items.map((key) => rowOf(key, terminal)), { header, columns: terminal.columns(), paintHeader: terminal.style.dim }));
  if (page.nextCursor !== undefined) terminal.note(`more: --cursor=${page.nextCursor}`);
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
