import type { SessionRunView } from '@kb-labs/contracts';

import type { CommandContext, CommandHandler } from '../command-context.js';
import { formatAge } from '../render/times.js';
import { sanitizeText } from '../terminal/sanitize.js';
import { followToEnd, placeOf } from './follow-to-end.js';
import { given, printFacts, printWirePage } from './print-wire.js';

export const runsList: CommandHandler<'runs:list'> = async (context, args) => {
  const { terminal } = context;
  const routes = await context.routes();
  const page = await routes.call('listSessionRuns', { query: given({ session_id: args['session-id'], limit: args.limit, cursor: args.cursor }) });
  printWirePage(context, page, {
    none: 'no runs of sessions',
    header: ['RUN', 'SESSION', 'WORKFLOW', 'STATUS', 'SUBMITTED'],
    rowOf: (run) => [run.run_id, run.session_id, sanitizeText(run.workflow_id), run.status, formatAge(run.submitted_at, terminal.now())],
  });
  return undefined;
};

export const runsGet: CommandHandler<'runs:get'> = async (context, args) => {
  const routes = await context.routes();
  printSessionRun(context, await routes.call('getSessionRun', { params: { id: args.rest[0] } }));
  return undefined;
};

export const runsEvents: CommandHandler<'runs:events'> = async (context, args) => {
  const routes = await context.routes();
  const page = await routes.call('sessionRunEvents', { params: { id: args.rest[0] }, query: given({ limit: args.limit, after: args.cursor }) });
  printWirePage(context, page, { none: 'no events', header: ['N', 'AT', 'EVENT', 'OF'], rowOf: (event) => [String(event.seq), event.at, event.type, placeOf(event)] });
  return undefined;
};

export const runsStream: CommandHandler<'runs:stream'> = async (context, args) => {
  const routes = await context.routes();
  return followToEnd(context, (signal) => routes.follow('sessionRunEvents', { params: { id: args.rest[0] }, signal }));
};

export const runsCancel: CommandHandler<'runs:cancel'> = async (context, args) => {
  const routes = await context.routes();
  const run = await routes.call('cancelSessionRun', { params: { id: args.rest[0] }, body: given({ note: args.note }) });
  printSessionRun(context, run);
  await routes.carry?.([run.run_id]);
  return undefined;
};

export function printSessionRun(context: CommandContext, run: SessionRunView): void {
  printFacts(context, run, [
    ['run', run.run_id],
    ['status', run.status],
    ['workflow', run.workflow_id],
    ['session', run.session_id],
    ['agent', run.agent_id],
    ['called by', run.parent_run_id],
    ['tasks', run.task_ids],
    ['called', run.child_run_ids],
    ['approvals', run.pending_approval_ids],
    ['questions', run.pending_question_ids],
    ['error', run.error === null ? null : `${run.error.code}: ${run.error.message}`],
    ['submitted', run.submitted_at],
    ['started', run.started_at],
    ['finished', run.finished_at],
  ]);
}
