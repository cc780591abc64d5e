import { followRun } from '@kb-labs/engine';
import { EXIT_CODES } from '@kb-labs/errors';

import { carrierOf } from '../attend/carry-run.js';
import { toKnownRunId } from '../attend/known-run-id.js';
import type { CommandHandler } from '../command-context.js';

/** A worker without a terminal: carries one run on and ends with it. A kill hands the run back after the step in progress. */
export const execute: CommandHandler<'__work'> = async (context, args) => {
  const engine = await context.engine();
  const runId = toKnownRunId(args['run-id']);
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => { stop.abort(); });
  const carrier = carrierOf(engine, runId);
  await carrier.start();
  let last = '';
  for await (const { status } of followRun(engine.deps, runId, stop.signal)) last = status;
  context.terminal.note(`${new Date(context.terminal.now()).toISOString()} ${runId} ${last}`);
  await carrier.stop();
  return stop.signal.aborted ? EXIT_CODES.interrupted : EXIT_CODES.ok;
};
