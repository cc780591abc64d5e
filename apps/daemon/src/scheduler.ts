import { reconcile, recoverFlows, recoverSessions, runsAtWork } from '@kb-labs/engine';
import type { EngineDeps } from '@kb-labs/engine';

export interface Scheduler {
  /** Resolves when a round that runs is over. */
  stop(): Promise<void>;
}

const EVERY_MS = 60_000;
/** Runs that wait have a turn in the first round and in every tenth. */
const ALL_EVERY = 10;

/** Mends open runs, flows that were half started and busy sessions now and every minute. A round that fails is told, and the next one comes all the same. */
export function startScheduler(deps: EngineDeps): Scheduler {
  let stopped = false;
  let disarm = (): void => undefined;
  let rounds = 0;
  let round: Promise<void> = Promise.resolve();
  const begin = (): void => {
    round = mend(deps, rounds % ALL_EVERY === 0).then(() => {
      if (!stopped) disarm = deps.clock.after(EVERY_MS, begin);
    });
    rounds += 1;
  };
  begin();
  return {
    stop: () => {
      stopped = true;
      disarm();
      return round;
    },
  };
}

async function mend(deps: EngineDeps, all: boolean): Promise<void> {
  await mendRuns(deps, all);
  try {
    await recoverFlows(deps);
  } catch (error) {
    deps.logger.error('flows that were half started cannot be mended', { problem: String(error) });
  }
  try {
    await recoverSessions(deps);
  } catch (error) {
    deps.logger.error('busy sessions cannot be mended', { problem: String(error) });
  }
}

async function mendRuns(deps: EngineDeps, all: boolean): Promise<void> {
  try {
    const { queued } = await reconcile(deps, all ? undefined : runsAtWork(deps));
    if (queued > 0) deps.logger.warn('queued what was missing', { queued });
  } catch (error) {
    deps.logger.error('open runs cannot be mended', { problem: String(error) });
  }
}
