import { existsSync } from 'node:fs';

import { isTerminalRun, type RunView, type Trigger } from '@kb-labs/contracts';
import { planWorkflow, showWorkflow, startRun } from '@kb-labs/engine';
import type { ExitCode } from '@kb-labs/errors';

import { attendRun, outcomeCode } from '../attend/attend-run.js';
import { choosePresenter } from '../attend/choose-presenter.js';
import { toKnownRunId } from '../attend/known-run-id.js';
import { whoCarries } from '../attend/who-carries.js';
import type { CommandContext, CommandHandler } from '../command-context.js';
import { readInput } from '../input/read-input.js';
import { readGitHead } from '../project/read-git-head.js';
import { userName } from '../project/user-name.js';

export const execute: CommandHandler<'workflow:run'> = async (context, args) => {
  const workflowId = args['workflow-id'];
  const offline = await context.offline();
  const input = await readInput(args, context.terminal.host, async () => (await showWorkflow(offline.deps, workflowId)).inputs);
  if (args['dry-run']) {
    const { printPlan } = await import('./workflow-plan.js');
    printPlan(context, await planWorkflow(offline.deps, { workflowId, input }));
    return undefined;
  }
  // The very first run makes the state, and one that is refused must leave nothing behind.
  if (!existsSync(offline.config.stateDir)) await planWorkflow(offline.deps, { workflowId, input });
  const engine = await context.engine();
  const key = args['idempotency-key'];
  const { run, repeated } = await startRun(engine.deps, {
    workflowId,
    input,
    trigger: manualTrigger(engine.deps.workspace),
    ...(key === undefined ? {} : { idempotencyKey: key }),
  });
  if (repeated && !context.json) context.terminal.note(`the key "${key ?? ''}" has started ${run.id} before`);
  if (isTerminalRun(run.status)) return showEnded(context, run);
  if (args.detach) {
    const { detachRun } = await import('../attend/detach-run.js');
    return detachRun(context, engine, run);
  }
  const runId = toKnownRunId(run.id);
  return attendRun(engine, runId, {
    terminal: context.terminal,
    asks: !context.json,
    presenter: await choosePresenter(context, { jsonLines: false, callbackUrl: () => engine.deps.callbacks.urlOf(runId) }),
    carry: await whoCarries(engine, repeated ? 'alone' : 'always'),
    onInterrupt: 'cancel',
  });
};

function manualTrigger(projectRoot: string): Trigger {
  return { type: 'manual', actor: userName(), payload: null, tag: null, ...readGitHead(projectRoot) };
}

async function showEnded(context: CommandContext, run: RunView): Promise<ExitCode> {
  const presenter = await choosePresenter(context, { jsonLines: false });
  presenter.view(run);
  presenter.end(run);
  return outcomeCode(run);
}
