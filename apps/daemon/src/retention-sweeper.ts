import { type EngineDeps, sweepRetention, sweepSessions } from '@kb-labs/engine';

import { tierOf } from './configured-tiers.js';
import type { ConfiguredTiers } from './config.js';

export interface RetentionSweeper {
  /** Resolves when a sweep that runs is over. */
  stop(): Promise<void>;
}

/** A daemon that has just started has other things to do. */
const FIRST_MS = 60_000;
/** How often it looks whether it is time: of all daemons one sweeps, once in an hour. */
const EVERY_MS = 10 * 60_000;

/** Enforces what tenants may keep. A sweep that fails is told, and the next one comes all the same. */
export function startRetentionSweeper(deps: EngineDeps, tiers: ConfiguredTiers): RetentionSweeper {
  let stopped = false;
  let round: Promise<void> = Promise.resolve();
  const begin = (): void => {
    round = sweep(deps, tiers).then(() => {
      if (!stopped) disarm = deps.clock.after(EVERY_MS, begin, { unref: true });
    });
  };
  let disarm = deps.clock.after(FIRST_MS, begin, { unref: true });
  return {
    stop: () => {
      stopped = true;
      disarm();
      return round;
    },
  };
}

async function sweep(deps: EngineDeps, tiers: ConfiguredTiers): Promise<void> {
  try {
    const { skipped, removed, blobs } = await sweepRetention(deps, (tenant) => tierOf(tiers, tenant).retention);
    if (skipped) return;
    await sweepSessions(deps);
    if (removed.runs + removed.logs + removed.artifacts + blobs > 0) deps.logger.info('removed what was kept long enough', { ...removed, blobs });
  } catch (error) {
    deps.logger.error('what was kept long enough cannot be removed', { problem: String(error) });
  }
}
