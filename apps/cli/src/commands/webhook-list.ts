import type { DeliveryView } from '@kb-labs/contracts';
import { listDeliveries } from '@kb-labs/engine';

import type { CommandHandler } from '../command-context.js';
import { formatAge } from '../render/times.js';
import { sanitizeText } from '../terminal/sanitize.js';
import type { Terminal } from '../terminal/terminal.js';
import { printPage } from './print-page.js';

export const execute: CommandHandler<'webhook:list'> = async (context, args) => {
  const { terminal } = context;
  const { deps } = await context.engine();
  const page = await listDeliveries(deps, { ...(args.limit === undefined ? {} : { limit: args.limit }), ...(args.cursor === undefined ? {} : { cursor: args.cursor }) });
  printPage(context, page, { none: 'no deliveries', header: ['DELIVERY', 'FROM', 'EVENT', 'CAME', 'OUTCOME', 'RUNS'], rowOf: (item) => rowOf(item, terminal) });
  return undefined;
};

export function rowOf({ id, source, event, receivedAt, outcome, replayOf, runs }: DeliveryView, { style, now }: Pick<Terminal, 'style' | 'now'>): string[] {
  const shown = outcome === 'failed' ? style.red(outcome) : outcome === 'started' ? style.green(outcome) : style.dim(outcome);
  const of = runs.map(({ workflowId, runId, problem }) => runId ?? `${workflowId}: ${problem?.code ?? 'starting'}`).join(', ');
  return [id, source, sanitizeText(event ?? ''), `${formatAge(receivedAt, now())}${replayOf === null ? '' : `, again ${replayOf}`}`, shown, of];
}
