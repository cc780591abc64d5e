import { attendRun } from '../attend/attend-run.js';
import { callbackOf, choosePresenter } from '../attend/choose-presenter.js';
import { toKnownRunId } from '../attend/known-run-id.js';
import type { CommandHandler } from '../command-context.js';

export const execute: CommandHandler<'workflow:watch'> = async (context, args) => {
  const runId = toKnownRunId(args['run-id']);
  const desk = await context.desk();
  return attendRun(desk, runId, {
    terminal: context.terminal,
    asks: !context.json,
    presenter: await choosePresenter(context, { jsonLines: true, ...callbackOf(desk, runId) }),
    carry: 'alone',
    onInterrupt: 'leave',
  });
};
