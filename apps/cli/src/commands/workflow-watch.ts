import { attendRun } from '../attend/attend-run.js';
import { choosePresenter } from '../attend/choose-presenter.js';
import { toKnownRunId } from '../attend/known-run-id.js';
import type { CommandHandler } from '../command-context.js';

export const execute: CommandHandler<'workflow:watch'> = async (context, args) => {
  const runId = toKnownRunId(args['run-id']);
  const engine = await context.engine();
  return attendRun(engine, runId, {
    terminal: context.terminal,
    asks: !context.json,
    presenter: await choosePresenter(context, { jsonLines: true, callbackUrl: () => engine.deps.callbacks.urlOf(runId) }),
    carry: 'alone',
    onInterrupt: 'leave',
  });
};
