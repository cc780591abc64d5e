import type { RunId, Schedule } from '@kb-labs/contracts';

import type { EngineDeps } from './deps.js';
import { type Kept, RecordKind } from './record-kind.js';

/** `<tenant>/<id>`: how a schedule stands. */
export const SCHEDULE_KIND = new RecordKind<StoredSchedule>('schedule');

/** As stored. Times are ms since the epoch. */
export interface StoredSchedule {
  readonly workflowId: string;
  readonly file: string;
  readonly cron: string;
  readonly timezone: string;
  readonly catchup: NonNullable<Schedule['catchup']>;
  readonly overlap: NonNullable<Schedule['overlap']>;
  /** When a document was last seen to have it. */
  readonly seenAt: number;
  /** Everything up to here is decided. */
  readonly last: number;
  /** Times that wait for a run to end. */
  readonly queued: readonly number[];
  /** Times that are to be started: decided, and perhaps not done yet. */
  readonly pending: readonly number[];
  /** Runs that it has started and that may go on. */
  readonly open: readonly RunId[];
  readonly paused: { readonly at: number; readonly by: string } | null;
  readonly lastRun: { readonly runId: RunId; readonly instant: number; readonly startedAt: number } | null;
  readonly lastSkip: { readonly first: number; readonly last: number; readonly why: 'running' | 'queue-full' | 'missed' } | null;
  readonly problem: { readonly code: string; readonly message: string; readonly instant: number } | null;
}

/** How many of the runs it started are remembered as open: older ones do not keep the next from starting. */
export const OPEN_RUNS = 100;

type RecordDeps = Pick<EngineDeps, 'records'>;

export type KeptSchedule = Kept<StoredSchedule>;

export async function readSchedule({ records }: RecordDeps, key: string): Promise<KeptSchedule | undefined> {
  return SCHEDULE_KIND.get(records, key);
}

/** Answers whether nobody else was faster. `before` is what the change was decided on. */
export function writeSchedule({ records }: RecordDeps, key: string, { before, value }: { before: KeptSchedule | undefined; value: StoredSchedule }): Promise<boolean> {
  return records.write([SCHEDULE_KIND.put(key, value, { expected: before?.version ?? 0 })]);
}

/** Changes what is kept, as often as it takes. `undefined` for a schedule that is not there. A change that answers what it got writes nothing. */
export async function changeSchedule(deps: RecordDeps, key: string, change: (value: StoredSchedule) => StoredSchedule): Promise<StoredSchedule | undefined> {
  for (;;) {
    const before = await readSchedule(deps, key);
    if (before === undefined) return undefined;
    const value = change(before.value);
    if (value === before.value || (await writeSchedule(deps, key, { before, value }))) return value;
  }
}

/** All of a tenant. */
export function keptSchedules({ records }: RecordDeps, tenant: string): AsyncGenerator<KeptSchedule> {
  return SCHEDULE_KIND.each(records, { prefix: `${tenant}/` });
}
