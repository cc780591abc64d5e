import type { RunId, ScheduleView } from '@kb-labs/contracts';
import { AppError, suggestName } from '@kb-labs/errors';
import { nextInstants } from '@kb-labs/triggers';

import type { EngineDeps } from './deps.js';
import { findSchedules, type FindSchedulesDeps, type FoundSchedule, tenantOf } from './find-schedules.js';
import { readSchedule, type StoredSchedule } from './schedule-record.js';

const NEXT_TIMES = 10;

export type ListSchedulesDeps = FindSchedulesDeps & Pick<EngineDeps, 'catalog' | 'clock'>;

/** All schedules and how they stand. `tenant`, when given, sees its own. */
export async function listSchedules(deps: ListSchedulesDeps, { tenant }: { readonly tenant?: string } = {}): Promise<ScheduleView[]> {
  if (tenant !== undefined && tenant !== tenantOf(deps)) return [];
  const found = await findSchedules(deps);
  return Promise.all(found.map(async (schedule) => viewSchedule(deps, schedule, (await readSchedule(deps, schedule.key))?.value)));
}

/** Fails with `SCHEDULE_NOT_FOUND`. */
export async function findSchedule(deps: FindSchedulesDeps, { id, tenant }: { readonly id: string; readonly tenant?: string }): Promise<FoundSchedule> {
  const found = tenant === undefined || tenant === tenantOf(deps) ? await findSchedules(deps) : [];
  const ofWorkflow = found.filter(({ workflowId }) => workflowId === id);
  const schedule = found.find((one) => one.id === id) ?? (ofWorkflow.length === 1 ? ofWorkflow[0] : undefined);
  if (schedule !== undefined) return schedule;
  const several = ofWorkflow.length > 1 ? `it is one of ${ofWorkflow.map((one) => one.id).join(', ')}` : undefined;
  const hint = several ?? suggestName(id, found.map((one) => one.id));
  throw new AppError('SCHEDULE_NOT_FOUND', { id }, hint === undefined ? {} : { hint });
}

export async function viewSchedule({ catalog, clock }: Pick<EngineDeps, 'catalog' | 'clock'>, { id, workflowId, file, entry, problem }: FoundSchedule, stored: StoredSchedule | undefined): Promise<ScheduleView> {
  const now = clock.now();
  const { lastRun = null, lastSkip = null, paused = null, problem: failed = null } = stored ?? {};
  return {
    id,
    workflowId,
    file,
    ...entry,
    status: problem !== undefined ? 'broken' : paused === null ? 'active' : 'paused',
    next: nextInstants(entry, Math.max(stored?.last ?? now, now), NEXT_TIMES).map(toIso),
    waiting: [...(stored?.pending ?? []), ...(stored?.queued ?? [])].map(toIso),
    lastRun: lastRun === null ? null : { runId: lastRun.runId, at: toIso(lastRun.instant), startedAt: toIso(lastRun.startedAt), status: await statusOf({ catalog }, lastRun.runId) },
    lastSkip: lastSkip === null ? null : { from: toIso(lastSkip.first), to: toIso(lastSkip.last), why: lastSkip.why },
    problem: problem !== undefined ? { ...problem, at: failed === null ? null : toIso(failed.instant) } : failed === null ? null : { code: failed.code, message: failed.message, at: toIso(failed.instant) },
    paused: paused === null ? null : { at: toIso(paused.at), by: paused.by },
  };
}

async function statusOf({ catalog }: Pick<EngineDeps, 'catalog'>, runId: RunId): Promise<NonNullable<ScheduleView['lastRun']>['status']> {
  return (await catalog.getRun(runId))?.status ?? null;
}

function toIso(ms: number): string {
  return new Date(ms).toISOString();
}
