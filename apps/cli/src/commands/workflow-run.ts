import { isTerminalRun, type RunView } from '@kb-labs/contracts';
import type { ExitCode } from '@kb-labs/errors';

import { attendRun, outcomeCode } from '../attend/attend-run.js';
import { callbackOf, choosePresenter } from '../attend/choose-presenter.js';
import { toKnownRunId } from '../attend/known-run-id.js';
import { whoCarries } from '../attend/who-carries.js';
import type { CommandContext, CommandHandler } from '../command-context.js';
import { readInput } from '../input/read-input.js';

export const execute: CommandHandler<'workflow:run'> = async (context, args) => {
  const workflowId = args['workflow-id'];
  const library = await context.library();
  const input = await readInput(args, context.terminal.host, async () => (await library.show(workflowId)).inputs);
  if (args['dry-run']) {
    const { printPlan } = await import('../control.js');
    printPlan(context, await library.plan({ workflowId, input }));
    return undefined;
  }
  await library.refuseEarly({ workflowId, input });
  const desk = await context.desk();
  const key = args['idempotency-key'];
  const { run, repeated } = await desk.start({ workflowId, input, ...(key === undefined ? {} : { idempotencyKey: key }) });
  if (repeated && !context.json) context.terminal.note(`the key "${key ?? ''}" has started ${run.id} before`);
  if (isTerminalRun(run.status)) return showEnded(context, run);
  if (args.detach) {
    const { detachRun } = await import('../attend/detach-run.js');
    return detachRun(context, desk, run.id);
  }
  const runId = toKnownRunId(run.id);
  return attendRun(desk, runId, {
    terminal: context.terminal,
    asks: !context.json,
    presenter: await choosePresenter(context, { jsonLines: false, ...callbackOf(desk, runId) }),
    carry: await whoCarries(desk, repeated ? 'alone' : 'always'),
    onInterrupt: 'cancel',
  });
};

async function showEnded(context: CommandContext, run: RunView): Promise<ExitCode> {
  const presenter = await choosePresenter(context, { jsonLines: false });
  presenter.view(run);
  presenter.end(run);
  return outcomeCode(run);
}
