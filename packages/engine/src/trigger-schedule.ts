import type { RunId, RunView } from '@kb-labs/contracts';
import { scheduleTrigger } from '@kb-labs/triggers';

import type { EngineDeps } from './deps.js';
import { tenantOf } from './find-schedules.js';
import { findSchedule } from './list-schedules.js';
import { type ChangeSchedule, unseen } from './pause-schedule.js';
import { OPEN_RUNS, readSchedule, writeSchedule } from './schedule-record.js';
import { startRun } from './start-run.js';

/**
 * Starts the run of a schedule now, paused or not, whatever goes on: its trigger is that of the schedule, with this time and
 * who asked for it. Times that come while it goes on find it running. Fails with `SCHEDULE_NOT_FOUND`, and as `startRun` does.
 */
export async function triggerSchedule(deps: EngineDeps, { by, ...which }: ChangeSchedule): Promise<RunView> {
  const schedule = await findSchedule(deps, which);
  const { key, workflowId, entry } = schedule;
  const instant = deps.clock.now();
  const { run } = await startRun(deps, { workflowId, input: {}, unattended: true, tenant: tenantOf(deps), trigger: { ...scheduleTrigger(entry, instant), actor: by } });
  const runId = run.id as RunId;
  for (;;) {
    const before = await readSchedule(deps, key);
    const value = before?.value ?? unseen(deps, schedule);
    const started = { ...value, open: [...value.open, runId].slice(-OPEN_RUNS), lastRun: { runId, instant, startedAt: instant }, problem: null };
    if (await writeSchedule(deps, key, { before, value: started })) return run;
  }
}
