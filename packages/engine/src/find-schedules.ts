import { DEFAULT_TENANT, type Schedule } from '@kb-labs/contracts';
import { contentDigest } from '@kb-labs/digest';
import { DEFAULT_TIME_ZONE } from '@kb-labs/triggers';

import type { CheckDeps } from './check-document.js';
import type { EngineDeps } from './deps.js';
import { findListeners, type FoundListeners, type ListenerProblem } from './find-listeners.js';
import { keptSchedules } from './schedule-record.js';

export interface FoundSchedule {
  /** `<workflow>:<12 hex digits>`: the same as long as workflow, expression and time zone are. */
  readonly id: string;
  /** Of its record. */
  readonly key: string;
  readonly workflowId: string;
  readonly file: string;
  readonly entry: Required<{ [Key in keyof Schedule]: NonNullable<Schedule[Key]> }>;
  /** Why its document cannot run as it is. */
  readonly problem?: ListenerProblem;
}

export type FindSchedulesDeps = CheckDeps & Pick<EngineDeps, 'records' | 'triggers'>;

/**
 * The schedules of all documents. Of one that cannot be read any more, those that are known from before: its times come
 * all the same, and it is told that nothing could be started.
 */
export async function findSchedules(deps: FindSchedulesDeps): Promise<FoundSchedule[]> {
  const { listeners, unreadable } = await findListeners(deps);
  const found = new Map(written(listeners, tenantOf(deps)).map((schedule) => [schedule.key, schedule]));
  if (unreadable.size > 0) {
    for await (const { key, value } of keptSchedules(deps, tenantOf(deps))) {
      const problem = unreadable.get(value.file);
      if (problem === undefined || found.has(key)) continue;
      const { workflowId, file, cron, timezone, catchup, overlap } = value;
      found.set(key, { id: key.slice(key.indexOf('/') + 1), key, workflowId, file, entry: { cron, timezone, catchup, overlap }, problem });
    }
  }
  return [...found.values()].toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

/** Whose what starts by itself is. */
export function tenantOf({ triggers }: Pick<EngineDeps, 'triggers'>): string {
  return triggers?.tenant ?? DEFAULT_TENANT;
}

function written(listeners: FoundListeners['listeners'], tenant: string): FoundSchedule[] {
  return listeners.flatMap(({ id: workflowId, file, on, problem }) =>
    (on.schedule ?? []).map(({ cron, timezone = DEFAULT_TIME_ZONE, catchup = 'last', overlap = 'skip' }) => {
      const id = `${workflowId}:${contentDigest('schedule', { cron, timezone }).slice('sha256:'.length, 'sha256:'.length + 12)}`;
      return { id, key: `${tenant}/${id}`, workflowId, file, entry: { cron, timezone, catchup, overlap }, ...(problem === undefined ? {} : { problem }) };
    }),
  );
}
