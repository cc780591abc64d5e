import { isTerminalRun } from '@kb-labs/contracts';

import { callbackOf } from '../attend/choose-presenter.js';
import { toKnownRunId } from '../attend/known-run-id.js';
import type { CommandHandler } from '../command-context.js';
import { renderRunSummary } from '../render/run-summary.js';
import { renderRunTree } from '../render/run-tree.js';

export const execute: CommandHandler<'workflow:status'> = async (context, args) => {
  const { terminal } = context;
  const desk = await context.desk();
  const runId = toKnownRunId(args['run-id']);
  const run = await desk.read(runId);
  if (context.json) {
    terminal.printJson(run);
    return undefined;
  }
  const { style } = terminal;
  terminal.print(renderRunTree(run, { now: terminal.now(), style, columns: terminal.columns(), ...callbackOf(desk, runId) }));
  if (isTerminalRun(run.status)) terminal.print(['', ...renderRunSummary(run, { style, tail: () => [] })]);
  else if (run.reason?.rule === 'no-worker') terminal.print(['', desk.carriage === undefined ? 'it goes on when a daemon runs again' : `"kb workflow:resume --run-id=${run.id}" carries it on`]);
  return undefined;
};
