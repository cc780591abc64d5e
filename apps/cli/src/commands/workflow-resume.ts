import { isTerminalRun } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';

import { attendRun } from '../attend/attend-run.js';
import { callbackOf, choosePresenter } from '../attend/choose-presenter.js';
import { toKnownRunId } from '../attend/known-run-id.js';
import { whoCarries } from '../attend/who-carries.js';
import type { CommandHandler } from '../command-context.js';

export const execute: CommandHandler<'workflow:resume'> = async (context, args) => {
  const runId = toKnownRunId(args['run-id']);
  const desk = await context.desk();
  const run = await desk.read(runId);
  if (isTerminalRun(run.status)) throw new AppError('RUN_FINISHED', { id: runId, status: run.status });
  if (args.detach) {
    const { detachRun } = await import('../attend/detach-run.js');
    return detachRun(context, desk, run.id);
  }
  return attendRun(desk, runId, {
    terminal: context.terminal,
    asks: !context.json,
    presenter: await choosePresenter(context, { jsonLines: false, ...callbackOf(desk, runId) }),
    carry: await whoCarries(desk, 'always'),
    onInterrupt: 'cancel',
  });
};
