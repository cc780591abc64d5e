import type { PendingApproval } from '@kb-labs/engine';

import type { CommandHandler } from '../command-context.js';
import { renderTable } from '../render/table.js';
import { formatAge } from '../render/times.js';
import { formatLeft } from '../render/wait-text.js';
import { sanitizeText } from '../terminal/sanitize.js';

export const execute: CommandHandler<'workflow:approvals'> = async (context, args) => {
  const { terminal } = context;
  const desk = await context.desk();
  const page = await desk.approvals({
    ...(args.limit === undefined ? {} : { limit: args.limit }),
    ...(args.cursor === undefined ? {} : { cursor: args.cursor }),
  });
  if (context.json) {
    terminal.printJson(page);
    return undefined;
  }
  const [first] = page.items;
  if (first === undefined) {
    terminal.note('nothing waits for a decision');
    return undefined;
  }
  const header = ['RUN', 'WORKFLOW', 'STEP', 'TITLE', 'FOR', 'SINCE', 'EXPIRES'];
  terminal.print(renderTable(page.items.map((item) => rowOf(item, terminal.now())), { header, columns: terminal.columns(), paintHeader: terminal.style.dim }));
  terminal.note(`kb workflow:approve --run-id=${first.runId} --step-id=${first.job}/${first.step}`);
  if (page.nextCursor !== undefined) terminal.note(`more: --cursor=${page.nextCursor}`);
  return undefined;
};

function rowOf(item: PendingApproval, now: number): string[] {
  return [
    item.runId,
    sanitizeText(item.workflowId),
    `${item.job}/${item.step}`,
    sanitizeText(item.title),
    item.approvers === null ? 'anybody' : item.approvers.map(sanitizeText).join(', '),
    formatAge(item.since, now),
    item.expiresAt === null ? 'never' : formatLeft(item.expiresAt, now),
  ];
}
