import type { PromptView } from '@kb-labs/contracts';

import type { CommandContext, CommandHandler } from '../command-context.js';
import { parseObject } from '../input/parse-json.js';
import { formatAge } from '../render/times.js';
import { formatLeft } from '../render/wait-text.js';
import { sanitizeText } from '../terminal/sanitize.js';
import { chosen } from './choices.js';
import { given, printFacts, printWirePage } from './print-wire.js';

const STATUSES = ['pending', 'allowed', 'denied', 'answered', 'expired', 'cancelled'] as const satisfies readonly PromptView['status'][];

export const approvalsList: CommandHandler<'approvals:list'> = async (context, args) => {
  const routes = await context.routes();
  printPrompts(context, await routes.call('listSessionApprovals', { query: queryOf(args) }), 'no approvals');
  return undefined;
};

export const questionsList: CommandHandler<'questions:list'> = async (context, args) => {
  const routes = await context.routes();
  printPrompts(context, await routes.call('listQuestions', { query: queryOf(args) }), 'no questions');
  return undefined;
};

export const approvalsAllow: CommandHandler<'approvals:allow'> = (context, args) => decide(context, 'allowApproval', args);

export const approvalsDeny: CommandHandler<'approvals:deny'> = (context, args) => decide(context, 'denyApproval', args);

export const questionsAnswer: CommandHandler<'questions:answer'> = async (context, args) => {
  const answer = parseObject('--data', args.data);
  const routes = await context.routes();
  const prompt = await routes.call('answerQuestion', { params: { id: args.rest[0] }, body: { answer, ...given({ comment: args.comment, subject: args.subject }) } });
  printPrompt(context, prompt);
  await routes.carry?.([prompt.run_id]);
  return undefined;
};

interface DecisionArgs {
  readonly rest: readonly [string, ...string[]];
  readonly comment: string | undefined;
  readonly subject: string | undefined;
}

async function decide(context: CommandContext, route: 'allowApproval' | 'denyApproval', { rest, comment, subject }: DecisionArgs): Promise<undefined> {
  const routes = await context.routes();
  const prompt = await routes.call(route, { params: { id: rest[0] }, body: given({ comment, subject }) });
  printPrompt(context, prompt);
  await routes.carry?.([prompt.run_id]);
}

interface ListArgs {
  readonly status: string | undefined;
  readonly 'run-id': string | undefined;
  readonly 'session-id': string | undefined;
  readonly limit: number | undefined;
  readonly cursor: string | undefined;
}

function queryOf({ status, limit, cursor, ...within }: ListArgs) {
  const query = given({ run_id: within['run-id'], session_id: within['session-id'], limit, cursor });
  return { ...query, ...(status === undefined ? {} : { status: chosen(status, STATUSES) }) };
}

function printPrompts(context: CommandContext, page: { readonly items: readonly PromptView[]; readonly next_cursor?: string }, none: string): void {
  const now = context.terminal.now();
  printWirePage(context, page, {
    none,
    header: ['ID', 'STATUS', 'TITLE', 'ASKED', 'EXPIRES', 'BY'],
    rowOf: (one) => [one.id, one.status, sanitizeText(one.title), formatAge(one.asked_at, now), one.status === 'pending' && one.expires_at !== null ? formatLeft(one.expires_at, now) : '', sanitizeText(one.resolved_by ?? '')],
  });
}

function printPrompt(context: CommandContext, prompt: PromptView): void {
  printFacts(context, prompt, [
    ['id', prompt.id],
    ['status', prompt.status],
    ['title', prompt.title],
    ['instructions', prompt.instructions],
    ['task', prompt.task_id],
    ['asked', prompt.asked_at],
    ['expires', prompt.expires_at],
    ['resolved', prompt.resolved_at === null ? null : `${prompt.resolved_at} by ${prompt.resolved_by ?? 'nobody'}`],
    ['comment', prompt.comment],
    ['answer', prompt.answer === null ? null : JSON.stringify(prompt.answer)],
  ]);
}
