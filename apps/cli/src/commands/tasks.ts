import { TASK_STATUSES, type TaskView } from '@kb-labs/contracts';
import type { LogLineView } from '@kb-labs/contracts/http';
import { AppError } from '@kb-labs/errors';

import type { CommandContext, CommandHandler } from '../command-context.js';
import { renderLogLine } from '../render/log-line.js';
import { sanitizeText } from '../terminal/sanitize.js';
import { chosen } from './choices.js';
import { given, printFacts, printWirePage } from './print-wire.js';

const PAGE = 1_000;

export const tasksList: CommandHandler<'tasks:list'> = async (context, args) => {
  const routes = await context.routes();
  const query = given({ run_id: args['run-id'], session_id: args['session-id'], limit: args.limit, cursor: args.cursor });
  const page = await routes.call('listTasks', { query: { ...query, ...(args.status === undefined ? {} : { status: chosen(args.status, TASK_STATUSES) }) } });
  printWirePage(context, page, {
    none: 'no tasks',
    header: ['TASK', 'STATUS', 'EXIT', 'SESSION', 'REASON'],
    rowOf: (task) => [task.task_id, task.status, task.exit_code === null ? '' : String(task.exit_code), task.session_id, sanitizeText(task.terminal_reason ?? '')],
  });
  return undefined;
};

export const tasksGet: CommandHandler<'tasks:get'> = async (context, args) => {
  const routes = await context.routes();
  printTask(context, await routes.call('getTask', { params: { id: args.rest[0] } }));
  return undefined;
};

export const tasksOutput: CommandHandler<'tasks:output'> = async (context, args) => {
  const { terminal, json } = context;
  if (args.limit !== undefined && (args.limit < 1 || args.limit > PAGE)) throw new AppError('USAGE', { problem: `--limit is 1 to ${String(PAGE)}, not ${String(args.limit)}` });
  const routes = await context.routes();
  const params = { id: args.rest[0] };
  for (let after = args.cursor; ; ) {
    const page = await routes.call('taskOutput', { params, query: given({ after, limit: args.limit ?? PAGE }) });
    if (json) {
      terminal.printJson(page);
      return undefined;
    }
    terminal.print(page.items.map((line: LogLineView) => renderLogLine({ ...line, at: Date.parse(line.at) }, terminal.style)));
    after = page.next_cursor;
    if (after === undefined) return undefined;
    if (args.limit !== undefined) {
      terminal.note(`more: --cursor=${after}`);
      return undefined;
    }
  }
};

export const tasksStop: CommandHandler<'tasks:stop'> = async (context, args) => {
  const routes = await context.routes();
  const task = await routes.call('stopTask', { params: { id: args.rest[0] }, body: given({ note: args.note }) });
  printTask(context, task);
  await routes.carry?.([task.run_id]);
  return undefined;
};

function printTask(context: CommandContext, task: TaskView): void {
  printFacts(context, task, [
    ['task', task.task_id],
    ['status', task.status],
    ['reason', task.terminal_reason],
    ['exit code', task.exit_code === null ? null : String(task.exit_code)],
    ['error', task.error === null ? null : `${task.error.code}: ${task.error.message}`],
    ['attempt', String(task.attempt)],
    ['session', task.session_id],
    ['agent', task.agent_id],
    ['started', task.started_at],
    ['finished', task.finished_at],
  ]);
}
