import { EXIT_CODES, type ExitCode } from '@kb-labs/errors';

import type { CommandContext } from '../command-context.js';
import type { RunDesk } from '../desk/run-desk.js';

/** Leaves a run to others, and says how to look at it: as JSON the run, unless its command has another `answer`. */
export async function detachRun(context: CommandContext, desk: RunDesk, runId: string, answer?: object): Promise<ExitCode> {
  const run = await (desk.carriage === undefined ? desk.read(runId) : desk.carriage.handOver(runId));
  if (context.json) context.terminal.printJson(answer ?? run);
  else context.terminal.print([run.id, `  kb workflow:watch --run-id=${run.id}`]);
  return EXIT_CODES.ok;
}
