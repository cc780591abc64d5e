import { isTerminalRun, type RunId, type RunView } from '@kb-labs/contracts';
import type { Composition } from '@kb-labs/daemon';
import { cancelRun, readRun } from '@kb-labs/engine';
import { EXIT_CODES } from '@kb-labs/errors';

import { carryApart } from '../attend/carry-apart.js';
import { type Carrier, carrierOf } from '../attend/carry-run.js';
import { toKnownRunId } from '../attend/known-run-id.js';
import type { CommandHandler } from '../command-context.js';
import { renderRunTree } from '../render/run-tree.js';
import { userName } from '../project/user-name.js';

const CHECK_MS = 50;
/** A worker that has not stopped by then is stuck or cleaning up: the request stands, and waiting longer tells nothing new. */
const PATIENCE_MS = 30_000;

export const execute: CommandHandler<'workflow:cancel'> = async (context, args) => {
  const { terminal } = context;
  const engine = await context.engine();
  const runId = toKnownRunId(args['run-id']);
  const requested = await cancelRun(engine.deps, { runId, by: userName(), ...(args.note === undefined ? {} : { note: args.note }) });
  const carrier = carrierOf(engine, runId);
  const run = await waitForEnd(engine, runId, { carrier, first: requested });
  if (isTerminalRun(run.status)) await carrier.finish();
  else await carrier.stop();
  await carryApart(engine, carrier.apart, (text) => {
    terminal.note(text);
  });
  if (context.json) terminal.printJson(run);
  else terminal.print(renderRunTree(run, { now: terminal.now(), style: terminal.style, columns: terminal.columns() }));
  if (isTerminalRun(run.status)) return undefined;
  terminal.note(`the run is still stopping: "kb workflow:watch --run-id=${runId}" shows it`);
  return EXIT_CODES.tryLater;
};

/** A run that no worker serves is brought to its end here. */
async function waitForEnd({ deps }: Composition, runId: RunId, options: { carrier: Carrier; first: RunView }): Promise<RunView> {
  const until = deps.clock.now() + PATIENCE_MS;
  let run = options.first;
  while (!isTerminalRun(run.status) && deps.clock.now() < until) {
    if (run.reason?.rule === 'no-worker') await options.carrier.start();
    await new Promise<void>((resolve) => void deps.clock.after(CHECK_MS, resolve));
    run = await readRun(deps, runId);
  }
  return run;
}
