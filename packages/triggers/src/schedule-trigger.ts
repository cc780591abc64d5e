import type { Schedule, Trigger } from '@kb-labs/contracts';

import { DEFAULT_TIME_ZONE } from './time-zone.js';

/** What a run is started with whose time has come. */
export function scheduleTrigger({ cron, timezone = DEFAULT_TIME_ZONE }: Pick<Schedule, 'cron' | 'timezone'>, instant: number): Trigger {
  const schedule = { cron, timezone, at: new Date(instant).toISOString() };
  return { type: 'schedule', actor: 'schedule', payload: null, branch: null, tag: null, sha: null, schedule };
}
