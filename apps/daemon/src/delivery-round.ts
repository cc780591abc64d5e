import { type EngineDeps, finishDeliveries, sweepDeliveries } from '@kb-labs/engine';

export interface DeliveryRound {
  /** Resolves when a round that runs is over. */
  stop(): Promise<void>;
}

const EVERY_MS = 60_000;
const SWEEP_EVERY = 60;

/** Carries out, now and every minute, what was accepted and not carried out; once in an hour it removes what is too much. */
export function startDeliveryRound(deps: EngineDeps): DeliveryRound {
  let stopped = false;
  let rounds = 0;
  let disarm = (): void => undefined;
  let round: Promise<void> = Promise.resolve();
  const begin = (): void => {
    round = work(deps, rounds % SWEEP_EVERY === 0).then(() => {
      if (!stopped) disarm = deps.clock.after(EVERY_MS, begin, { unref: true });
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

async function work(deps: EngineDeps, sweeps: boolean): Promise<void> {
  try {
    await finishDeliveries(deps);
    if (sweeps) await sweepDeliveries(deps);
  } catch (error) {
    deps.logger.error('deliveries cannot be carried out', { problem: String(error) });
  }
}
