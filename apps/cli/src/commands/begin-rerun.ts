import { AppError } from '@kb-labs/errors';

import type { CommandContext } from '../command-context.js';
import type { RunDesk } from '../desk/run-desk.js';
import { renderChoices } from '../render/rerun-choices.js';

type Choices = Omit<Awaited<ReturnType<RunDesk['rerun']>>, 'runId'>;

export interface RerunArgs {
  readonly 'run-id': string;
  readonly failed: boolean;
  readonly from: string | undefined;
}

/** What a gateway answers to the same request. */
export interface BegunRerun extends Choices {
  readonly runId: string;
  readonly rerunOf: string;
}

/** Starts the new run, and tells people what it keeps of the earlier one. */
export async function beginRerun({ terminal, json }: CommandContext, desk: RunDesk, args: RerunArgs): Promise<BegunRerun> {
  const { failed, from } = args;
  const earlier = args['run-id'];
  if (failed && from !== undefined) throw new AppError('USAGE', { problem: '--failed and --from do not go together' });
  const mode = from !== undefined ? 'from' : failed ? 'failed' : 'all';
  const { runId, keeps, again } = await desk.rerun({ runId: earlier, mode, ...(from === undefined ? {} : { from }) });
  if (!json) terminal.print([`${runId}  ${terminal.style.dim(`rerun of ${earlier}`)}`, ...renderChoices({ keeps, again }, terminal.style), '']);
  return { runId, rerunOf: earlier, keeps, again };
}
