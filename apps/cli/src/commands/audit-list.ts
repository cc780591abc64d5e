import type { AuditEntry } from '@kb-labs/contracts';

import type { CommandHandler } from '../command-context.js';
import { sanitizeText } from '../terminal/sanitize.js';
import type { Style } from '../terminal/style.js';
import { printPage } from './print-page.js';

export const execute: CommandHandler<'audit:list'> = async (context, args) => {
  const { terminal } = context;
  const access = await context.access();
  const page = await access.listAudit({
    ...(args.tenant === undefined ? {} : { tenant: args.tenant }),
    ...(args.limit === undefined ? {} : { limit: args.limit }),
    ...(args.cursor === undefined ? {} : { cursor: args.cursor }),
  });
  printPage(context, page, { none: 'nothing was recorded', header: ['ROW', 'AT', 'WHO', 'TENANT', 'WHAT', 'ON', 'OUTCOME'], rowOf: (entry) => rowOf(entry, terminal.style) });
  return undefined;
};

function rowOf({ seq, at, actor, tenant, action, target, outcome }: AuditEntry, style: Style): string[] {
  return [String(seq), at, sanitizeText(actor), sanitizeText(tenant), sanitizeText(action), sanitizeText(target), outcome === 'refused' ? style.yellow(outcome) : outcome];
}
