import type { DeliveryView } from '@kb-labs/contracts';
import { listDeliveries } from '@kb-labs/engine';

import type { CommandHandler } from '../command-context.js';
import { renderTable } from '../render/table.js';
import { formatAge } from '../render/times.js';
import { sanitizeText } from '../terminal/sanitize.js';
import type { Terminal } from '../terminal/terminal.js';

export const execute: CommandHandler<'webhook:list'> = async (context, args) => {
  const { terminal } = context;
  const { deps } = await context.engine();
  const page = await listDeliveries(deps, { ...(args.limit === undefined ? {} : { limit: args.limit }), ...(args.cursor === undefined ? {} : { cursor: args.cursor }) });
  if (context.json) {
    terminal.printJson(page);
    return undefined;
  }
  if (page.items.length === 0) {
    terminal.note('no deliveries');
    return undefined;
  }
  const header = ['DELIVERY', 'FROM', 'EVENT', 'CAME', 'OUTCOME', 'RUNS'];
  terminal.print(renderTable(page.items.map((item) => rowOf(item, terminal)), { header, columns: terminal.columns(), paintHeader: terminal.style.dim }));
  if (page.nextCursor !== undefined) terminal.note(`more: --cursor=${page.nextCursor}`);
  return undefined;
};

export function rowOf({ id, source, event, receivedAt, outcome, replayOf, runs }: DeliveryView, { style, now }: Pick<Terminal, 'style' | 'now'>): string[] {
  const shown = outcome === 'failed' ? style.red(outcome) : outcome === 'started' ? style.green(outcome) : style.dim(outcome);
  const of = runs.map(({ workflowId, runId, problem }) => runId ?? `${workflowId}: ${problem?.code ?? 'starting'}`).join(', ');
  return [id, source, sanitizeText(event ?? ''), `${formatAge(receivedAt, now())}${replayOf === null ? '' : `, again ${replayOf}`}`, shown, of];
}
