import { attendRun } from '../attend/attend-run.js';
import { callbackOf, choosePresenter } from '../attend/choose-presenter.js';
import { toKnownRunId } from '../attend/known-run-id.js';
import { whoCarries } from '../attend/who-carries.js';
import type { CommandHandler } from '../command-context.js';
import { beginRerun } from './begin-rerun.js';

export const execute: CommandHandler<'workflow:rerun'> = async (context, args) => {
  const desk = await context.desk();
  const begun = await beginRerun(context, desk, args);
  const runId = toKnownRunId(begun.runId);
  if (args.detach) {
    const { detachRun } = await import('../attend/detach-run.js');
    return detachRun(context, desk, runId, begun);
  }
  if (context.json) context.terminal.printJson(begun);
  return attendRun(desk, runId, {
    terminal: context.terminal,
    asks: !context.json,
    presenter: await choosePresenter(context, { jsonLines: false, ...callbackOf(desk, runId) }),
    carry: await whoCarries(desk, 'always'),
    onInterrupt: 'cancel',
  });
};
