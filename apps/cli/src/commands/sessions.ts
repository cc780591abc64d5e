import type { SessionView } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';

import type { CommandContext, CommandHandler } from '../command-context.js';
import { parseObject } from '../input/parse-json.js';
import { readTextFile } from '../input/read-text-file.js';
import { formatAge } from '../render/times.js';
import { sanitizeText } from '../terminal/sanitize.js';
import { toKind } from './choices.js';
import { given, printFacts, printWirePage } from './print-wire.js';
import { printSessionRun } from './session-runs.js';

export const sessionsCreate: CommandHandler<'sessions:create'> = async (context, args) => {
  const [id] = args.rest;
  const metadata = args['metadata-json'] === undefined ? undefined : parseObject('--metadata-json', args['metadata-json']);
  const routes = await context.routes();
  const session = await routes.call('createSession', { body: { ...given({ session_id: id, title: args.title }), ...(metadata === undefined ? {} : { metadata }) } });
  printSession(context, session);
  return undefined;
};

export const sessionsList: CommandHandler<'sessions:list'> = async (context, args) => {
  const { terminal } = context;
  const routes = await context.routes();
  const page = await routes.call('listSessions', { query: { ...given({ limit: args.limit, cursor: args.cursor }), ...toKind(args.kind) } });
  printWirePage(context, page, {
    none: 'no sessions: "kb sessions create ID" opens one',
    header: ['SESSION', 'KIND', 'STATUS', 'RUN', 'WAITING', 'OPENED', 'TITLE'],
    rowOf: (one) => [one.session_id, one.kind, one.status, one.active_run_id ?? '', String(one.queued_run_ids.length), formatAge(one.created_at, terminal.now()), sanitizeText(one.title ?? '')],
  });
  return undefined;
};

export const sessionsGet: CommandHandler<'sessions:get'> = async (context, args) => {
  const routes = await context.routes();
  printSession(context, await routes.call('getSession', { params: { id: args.rest[0] } }));
  return undefined;
};

export const sessionsSubmit: CommandHandler<'sessions:submit'> = async (context, args) => {
  const request = parseObject('--request-file', await readTextFile('--request-file', args['request-file'], context.terminal.host));
  if (typeof request['workflow_id'] !== 'string') {
    throw new AppError('USAGE', { problem: '--request-file names no workflow' }, { hint: 'for example {"workflow_id":"hello","inputs":{"name":"Ada"}}; what a flow runs is said by its playbook' });
  }
  const routes = await context.routes();
  // Its schema is the route's to check, here and at a gateway.
  const run = await routes.call('submitInput', { params: { id: args.rest[0] }, body: request as never });
  printSessionRun(context, run);
  await routes.carry?.([run.run_id]);
  return undefined;
};

export const sessionsEnd: CommandHandler<'sessions:end'> = async (context, args) => {
  const id = args.rest[0];
  const routes = await context.routes();
  const before = routes.carry === undefined ? null : (await routes.call('getSession', { params: { id } })).active_run_id;
  const session = await routes.call('endSession', { params: { id }, body: args.cancel ? { cancel: true } : {} });
  printSession(context, session);
  if (before !== null) await routes.carry?.([before]);
  return undefined;
};

function printSession(context: CommandContext, session: SessionView): void {
  const { parent } = session;
  printFacts(context, session, [
    ['session', session.session_id],
    ['title', session.title],
    ['kind', session.kind],
    ['status', session.status],
    ['agent', session.agent_id],
    ['made by', parent === null ? null : `${parent.task_id} in ${parent.session_id}`],
    ['run', session.active_run_id],
    ['waiting', session.queued_run_ids],
    ['opened', `${session.created_at} by ${session.created_by}`],
    ['ended', session.ended_at],
  ]);
}
