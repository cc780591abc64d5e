import { formatDuration, isTerminalRun, type RunStatus, type RunSummaryView, type TriggerType } from '@kb-labs/contracts';

import type { CommandHandler } from '../command-context.js';
import { parseInstant } from '../input/parse-instant.js';
import { statusMark } from '../render/status-mark.js';
import { formatAge } from '../render/times.js';
import { sanitizeText } from '../terminal/sanitize.js';
import type { Terminal } from '../terminal/terminal.js';
import { printPage } from './print-page.js';

export const execute: CommandHandler<'workflow:list-runs'> = async (context, args) => {
  const { terminal } = context;
  const desk = await context.desk();
  const page = await desk.list({
    ...(args['workflow-id'] === undefined ? {} : { workflowId: args['workflow-id'] }),
    // The table of commands lists exactly the states and triggers there are.
    ...(args.status === undefined ? {} : { status: args.status as RunStatus }),
    ...(args.since === undefined ? {} : { since: parseInstant('--since', args.since, terminal.now()) }),
    ...(args.until === undefined ? {} : { until: parseInstant('--until', args.until, terminal.now()) }),
    ...(args.trigger === undefined ? {} : { trigger: args.trigger as TriggerType }),
    ...(args.branch === undefined ? {} : { branch: args.branch }),
    ...(args.actor === undefined ? {} : { actor: args.actor }),
    ...(args.cursor === undefined ? {} : { cursor: args.cursor }),
    ...(args.limit === undefined ? {} : { limit: args.limit }),
  });
  printPage(context, page, { none: 'no runs', header: ['RUN', 'WORKFLOW', 'STATUS', 'BY', 'STARTED', 'TOOK'], rowOf: (run) => rowOf(run, terminal) });
  return undefined;
};

function rowOf(run: RunSummaryView, { style, now }: Terminal): string[] {
  const note = run.reason === undefined || isTerminalRun(run.status) ? '' : style.yellow(run.reason.rule === 'no-worker' ? ', no worker' : `, ${run.reason.rule}`);
  const parent = run.parent === undefined ? '' : ` by ${run.parent}`;
  const branch = run.trigger.branch === null ? '' : ` on ${sanitizeText(run.trigger.branch)}`;
  return [
    run.id,
    sanitizeText(run.workflowId),
    statusMark(run.status, style) + note,
    `${sanitizeText(run.trigger.actor)}${branch}${parent}`,
    formatAge(run.startedAt ?? run.createdAt, now()),
    run.durationMs === null ? '' : formatDuration(run.durationMs),
  ];
}
