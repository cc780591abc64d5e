import { isTerminalRun, type RunId, type RunView } from '@kb-labs/contracts';
import { EXIT_CODES } from '@kb-labs/errors';

import type { Carrier } from '../attend/carry-run.js';
import { toKnownRunId } from '../attend/known-run-id.js';
import { pauseFor } from '../attend/pause-for.js';
import type { CommandHandler } from '../command-context.js';
import type { RunDesk } from '../desk/run-desk.js';
import { renderRunTree } from '../render/run-tree.js';
import type { Terminal } from '../terminal/terminal.js';

/** A worker that has not stopped by then is stuck or cleaning up: the request stands, and waiting longer tells nothing new. */
const PATIENCE_MS = 30_000;

export const execute: CommandHandler<'workflow:cancel'> = async (context, args) => {
  const { terminal } = context;
  const desk = await context.desk();
  const runId = toKnownRunId(args['run-id']);
  const requested = await desk.cancel({ runId, ...(args.note === undefined ? {} : { note: args.note }) });
  const carrier = desk.carriage?.carrier(runId);
  const run = await waitForEnd(desk, runId, { carrier, first: requested, terminal });
  if (isTerminalRun(run.status)) await carrier?.finish();
  else await carrier?.stop();
  await desk.carriage?.carryApart(carrier?.apart ?? [], (text) => {
    terminal.note(text);
  });
  if (context.json) terminal.printJson(run);
  else terminal.print(renderRunTree(run, { now: terminal.now(), style: terminal.style, columns: terminal.columns() }));
  if (isTerminalRun(run.status)) return undefined;
  terminal.note(`the run is still stopping: "kb workflow:watch --run-id=${runId}" shows it`);
  return EXIT_CODES.tryLater;
};

/** A run that no worker serves is brought to its end here. */
async function waitForEnd(desk: RunDesk, runId: RunId, options: { carrier: Carrier | undefined; first: RunView; terminal: Terminal }): Promise<RunView> {
  const { now } = options.terminal;
  const until = now() + PATIENCE_MS;
  let run = options.first;
  while (!isTerminalRun(run.status) && now() < until) {
    if (run.reason?.rule === 'no-worker') await options.carrier?.start();
    await pauseFor(desk.paces.end);
    run = await desk.read(runId);
  }
  return run;
}
