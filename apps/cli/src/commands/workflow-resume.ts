import { isTerminalRun } from '@kb-labs/contracts';
import { readRun } from '@kb-labs/engine';
import { AppError } from '@kb-labs/errors';

import { attendRun } from '../attend/attend-run.js';
import { choosePresenter } from '../attend/choose-presenter.js';
import { toKnownRunId } from '../attend/known-run-id.js';
import { whoCarries } from '../attend/who-carries.js';
import type { CommandHandler } from '../command-context.js';

export const execute: CommandHandler<'workflow:resume'> = async (context, args) => {
  const runId = toKnownRunId(args['run-id']);
  const engine = await context.engine();
  const run = await readRun(engine.deps, runId);
  if (isTerminalRun(run.status)) throw new AppError('RUN_FINISHED', { id: runId, status: run.status });
  if (args.detach) {
    const { detachRun } = await import('../attend/detach-run.js');
    return detachRun(context, engine, run);
  }
  return attendRun(engine, runId, {
    terminal: context.terminal,
    asks: !context.json,
    presenter: await choosePresenter(context, { jsonLines: false, callbackUrl: () => engine.deps.callbacks.urlOf(runId) }),
    carry: await whoCarries(engine, 'always'),
    onInterrupt: 'cancel',
  });
};
