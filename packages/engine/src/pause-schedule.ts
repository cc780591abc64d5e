import type { ScheduleView } from '@kb-labs/contracts';

import type { EngineDeps } from './deps.js';
import type { FoundSchedule } from './find-schedules.js';
import { findSchedule, type ListSchedulesDeps, viewSchedule } from './list-schedules.js';
import { readSchedule, type StoredSchedule, writeSchedule } from './schedule-record.js';

export interface ChangeSchedule {
  /** Of the schedule, or of a workflow that has one. */
  readonly id: string;
  readonly by: string;
  /** When given, the schedule must be of this tenant; one of another is not there. */
  readonly tenant?: string;
}

/** Lets no more times of a schedule start runs. One that is paused stays as it was. Fails with `SCHEDULE_NOT_FOUND`. */
export async function pauseSchedule(deps: ListSchedulesDeps, { by, ...which }: ChangeSchedule): Promise<ScheduleView> {
  const at = deps.clock.now();
  return change(deps, await findSchedule(deps, which), (value) => ({ ...value, paused: value.paused ?? { at, by } }));
}

/** Goes on with a schedule that was paused. What came meanwhile was missed, and is made up for as its `catchup` says. Fails with `SCHEDULE_NOT_FOUND`. */
export async function resumeSchedule(deps: ListSchedulesDeps, { by: _by, ...which }: ChangeSchedule): Promise<ScheduleView> {
  return change(deps, await findSchedule(deps, which), (value) => ({ ...value, paused: null }));
}

async function change(deps: ListSchedulesDeps, schedule: FoundSchedule, alter: (value: StoredSchedule) => StoredSchedule): Promise<ScheduleView> {
  for (;;) {
    const before = await readSchedule(deps, schedule.key);
    const value = alter(before?.value ?? unseen(deps, schedule));
    if (await writeSchedule(deps, schedule.key, { before, value })) return viewSchedule(deps, schedule, value);
  }
}

/** One that no scheduler has come to yet. */
export function unseen({ clock }: Pick<EngineDeps, 'clock'>, { workflowId, file, entry }: FoundSchedule): StoredSchedule {
  const now = clock.now();
  return { workflowId, file, ...entry, seenAt: now, last: now, queued: [], pending: [], open: [], paused: null, lastRun: null, lastSkip: null, problem: null };
}
