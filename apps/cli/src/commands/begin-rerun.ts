import { AppError } from '@kb-labs/errors';

import type { CommandContext } from '../command-context.js';
import type { RunDesk } from '../desk/run-desk.js';
import { renderChoices } from '../render/rerun-choices.js';

export interface RerunArgs {
  readonly 'run-id': string;
  readonly failed: boolean;
  readonly from: string | undefined;
}

/** Starts the new run and says what it keeps of the earlier one. Answers its id. */
export async function beginRerun({ terminal, json }: CommandContext, desk: RunDesk, args: RerunArgs): Promise<string> {
  const { failed, from } = args;
  const earlier = args['run-id'];
  if (failed && from !== undefined) throw new AppError('USAGE', { problem: '--failed and --from do not go together' });
  const mode = from !== undefined ? 'from' : failed ? 'failed' : 'all';
  const { runId: started, keeps, again } = await desk.rerun({ runId: earlier, mode, ...(from === undefined ? {} : { from }) });
  if (json) terminal.printJson({ runId: started, rerunOf: earlier, keeps, again });
  else terminal.print([`${started}  ${terminal.style.dim(`rerun of ${earlier}`)}`, ...renderChoices({ keeps, again }, terminal.style), '']);
  return started;
}
