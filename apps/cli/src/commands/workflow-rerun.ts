import { attendRun } from '../attend/attend-run.js';
import { choosePresenter } from '../attend/choose-presenter.js';
import { toKnownRunId } from '../attend/known-run-id.js';
import { whoCarries } from '../attend/who-carries.js';
import type { CommandHandler } from '../command-context.js';

export const execute: CommandHandler<'workflow:rerun'> = async (context, args) => {
  const engine = await context.engine();
  const { beginRerun } = await import('../control.js');
  const run = await beginRerun(context, engine, args);
  if (args.detach) {
    const { detachRun } = await import('../attend/detach-run.js');
    return detachRun(context, engine, run);
  }
  const runId = toKnownRunId(run.id);
  return attendRun(engine, runId, {
    terminal: context.terminal,
    asks: !context.json,
    presenter: await choosePresenter(context, { jsonLines: false, callbackUrl: () => engine.deps.callbacks.urlOf(runId) }),
    carry: await whoCarries(engine, 'always'),
    onInterrupt: 'cancel',
  });
};
