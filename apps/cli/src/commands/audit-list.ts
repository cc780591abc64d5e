import type { AuditEntry } from '@kb-labs/contracts';

import type { CommandHandler } from '../command-context.js';
import { renderTable } from '../render/table.js';
import { sanitizeText } from '../terminal/sanitize.js';
import type { Style } from '../terminal/style.js';

export const execute: CommandHandler<'audit:list'> = async (context, args) => {
  const { terminal } = context;
  const access = await context.access();
  const page = await access.listAudit({
    ...(args.tenant === undefined ? {} : { tenant: args.tenant }),
    ...(args.limit === undefined ? {} : { limit: args.limit }),
    ...(args.cursor === undefined ? {} : { cursor: args.cursor }),
  });
  if (context.json) {
    terminal.printJson(page);
    return undefined;
  }
  if (page.items.length === 0) {
    terminal.note('nothing was recorded');
    return undefined;
  }
  const header = ['ROW', 'AT', 'WHO', 'TENANT', 'WHAT', 'ON', 'OUTCOME'];
  terminal.print(renderTable(page.items.map((entry) => rowOf(entry, terminal.style)), { header, columns: terminal.columns(), paintHeader: terminal.style.dim }));
  if (page.nextCursor !== undefined) terminal.note(`more: --cursor=${page.nextCursor}`);
  return undefined;
};

function rowOf({ seq, at, actor, tenant, action, target, outcome }: AuditEntry, style: Style): string[] {
  return [String(seq), at, sanitizeText(actor), sanitizeText(tenant), sanitizeText(action), sanitizeText(target), outcome === 'refused' ? style.yellow(outcome) : outcome];
}
