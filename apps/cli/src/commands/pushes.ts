import { arePushesWatched, discardPushes, takePushes } from '@kb-labs/daemon/push-spool';
import { hasPushListeners } from '@kb-labs/engine';

import type { CommandHandler } from '../command-context.js';
import { execute as work } from './work.js';

/**
 * What a hook of git starts where no daemon looks after pushes: carries out what was noted, and carries on the runs that it has
 * started, to their end.
 */
export const execute: CommandHandler<'__pushes'> = async (context) => {
  // It outlives the terminal that the commit was made in.
  process.on('SIGHUP', () => undefined);
  const { config, deps } = await context.offline();
  if (arePushesWatched(config.projectRoot)) return undefined;
  if (!(await hasPushListeners(deps))) {
    discardPushes(config.projectRoot);
    return undefined;
  }
  const engine = await context.engine();
  const started = (await takePushes(engine.deps)).filter(({ repeated }) => !repeated).map(({ runId }) => runId);
  const served = started.length === 0 ? new Set() : await engine.deps.queue.served(started);
  const alone = started.filter((runId) => !served.has(runId));
  return alone.length === 0 ? undefined : work(context, { 'run-id': alone, rest: [] });
};
