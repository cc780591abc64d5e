import type { RunId } from '@kb-labs/contracts';
import type { Composition } from '@kb-labs/daemon';
import { followRun } from '@kb-labs/engine';
import { EXIT_CODES } from '@kb-labs/errors';

import { carrierOf } from '../attend/carry-run.js';
import { carryApart } from '../attend/carry-apart.js';
import { toKnownRunId } from '../attend/known-run-id.js';
import type { CommandHandler } from '../command-context.js';
import type { Terminal } from '../terminal/terminal.js';

/** A worker without a terminal: carries runs on and ends with them. A kill hands them back after the step in progress. */
export const execute: CommandHandler<'__work'> = async (context, args) => {
  const { terminal } = context;
  const engine = await context.engine();
  const runIds = args['run-id'].map(toKnownRunId);
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => { stop.abort(); });
  const carrier = carrierOf(engine, ...runIds);
  await carrier.start();
  await Promise.all(runIds.map((runId) => noteEnd(engine, runId, { terminal, signal: stop.signal })));
  if (stop.signal.aborted) await carrier.stop();
  else await Promise.race([carrier.finish(), aborted(stop.signal).then(() => carrier.stop())]);
  await carryApart(engine, carrier.apart, (text) => { terminal.note(text); });
  return stop.signal.aborted ? EXIT_CODES.interrupted : EXIT_CODES.ok;
};

async function noteEnd({ deps }: Composition, runId: RunId, { terminal, signal }: { terminal: Terminal; signal: AbortSignal }): Promise<void> {
  let last = '';
  for await (const { status } of followRun(deps, runId, signal)) last = status;
  terminal.note(`${new Date(terminal.now()).toISOString()} ${runId} ${last}`);
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => { resolve(); }, { once: true });
  });
}
