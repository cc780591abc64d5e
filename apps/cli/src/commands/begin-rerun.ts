import type { RunView } from '@kb-labs/contracts';
import type { Composition } from '@kb-labs/daemon';
import { rerunRun } from '@kb-labs/engine';
import { AppError } from '@kb-labs/errors';

import type { CommandContext } from '../command-context.js';
import { userName } from '../project/user-name.js';
import { renderChoices } from '../render/rerun-choices.js';

export interface RerunArgs {
  readonly 'run-id': string;
  readonly failed: boolean;
  readonly from: string | undefined;
}

/** Starts the new run and says what it keeps of the earlier one. */
export async function beginRerun({ terminal, json }: CommandContext, { deps }: Composition, args: RerunArgs): Promise<RunView> {
  const { failed, from } = args;
  const runId = args['run-id'];
  if (failed && from !== undefined) throw new AppError('USAGE', { problem: '--failed and --from do not go together' });
  const mode = from !== undefined ? 'from' : failed ? 'failed' : 'all';
  const { run, keeps, again } = await rerunRun(deps, { runId, mode, ...(from === undefined ? {} : { from }), by: userName() });
  if (json) terminal.printJson({ runId: run.id, rerunOf: runId, keeps, again });
  else terminal.print([`${run.id}  ${terminal.style.dim(`rerun of ${runId}`)}`, ...renderChoices({ keeps, again }, terminal.style), '']);
  return run;
}
