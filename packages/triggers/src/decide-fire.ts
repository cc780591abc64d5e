import { LIMITS, type Schedule } from '@kb-labs/contracts';

import { instantsBetween, nextInstants } from './instants.js';

/** How a schedule stands, as it was kept after the last decision. Times are ms since the epoch. */
export interface ScheduleStanding {
  /** `last` of the decision before; `undefined` for a schedule that is seen for the first time. */
  readonly last: number | undefined;
  readonly now: number;
  /** Whether a run that this schedule started goes on. */
  readonly running: boolean;
  /** `queued` of the decision before. */
  readonly queued?: readonly number[];
}

export interface FireDecision {
  /** Times to start a run for, now, oldest first. */
  readonly fire: readonly number[];
  /** Times that wait for a run to end, oldest first. To be kept. */
  readonly queued: readonly number[];
  /** Everything up to here is decided. To be kept before anything is started again. */
  readonly last: number;
  /** Times that passed while nobody looked and are not made up for: the first and the last of them. */
  readonly missed?: { readonly first: number; readonly last: number };
  /** Times that came while a run went on and are left out. */
  readonly leftOut: readonly LeftOut[];
  /** When to decide again, if no run ends before while others wait; `undefined` when the schedule has no more times. */
  readonly next: number | undefined;
}

export interface LeftOut {
  readonly instant: number;
  /** `running`: by `overlap: skip`. `queue-full`: too many wait. */
  readonly why: 'running' | 'queue-full';
}

/**
 * What to start for a schedule. A time that passed less than a minute ago is on time, an older one was missed: `catchup`
 * says whether none of those is made up for, the last one (and that only if no time is on time), or all, up to a hundred,
 * the newest. Those that `all` makes up for start one after the other, unless `overlap` is `allow`. A time that comes
 * while a run goes on, or while others wait, is left out (`skip`), waits (`queue`), or starts beside it (`allow`).
 *
 * No time is given twice while `last` is kept: not when the clock is put back, for then there is nothing to do until it
 * has come to `last` again. A schedule that is seen for the first time starts with what comes after `now`.
 */
export function decideFire(schedule: Schedule, standing: ScheduleStanding): FireDecision {
  const { now, running } = standing;
  const last = standing.last ?? now;
  const due = instantsBetween(schedule, last, now, LIMITS.catchUp);
  const kept = madeUpFor(schedule, due, now);
  const decided = overlap(schedule, { kept, now, running, queued: standing.queued ?? [] });
  const missed = missedBefore(schedule, { last, due, kept });
  const settled = due.at(-1) ?? last;
  return {
    ...decided,
    last: settled,
    ...(missed === undefined ? {} : { missed }),
    next: nextInstants(schedule, Math.max(settled, now), 1)[0],
  };
}

function isOnTime(instant: number, now: number): boolean {
  return now - instant < LIMITS.onTimeMs;
}

function madeUpFor({ catchup = 'last' }: Schedule, due: readonly number[], now: number): readonly number[] {
  switch (catchup) {
    case 'none':
      return due.filter((instant) => isOnTime(instant, now));
    case 'last':
      return due.slice(-1);
    case 'all':
      return due;
  }
}

interface Candidates {
  readonly kept: readonly number[];
  readonly now: number;
  readonly running: boolean;
  readonly queued: readonly number[];
}

function overlap(schedule: Schedule, { kept, now, running, queued }: Candidates): Pick<FireDecision, 'fire' | 'queued' | 'leftOut'> {
  if (schedule.overlap === 'allow') return { fire: [...queued, ...kept], queued: [], leftOut: [] };
  const waits = (instant: number): boolean => schedule.overlap === 'queue' || (schedule.catchup === 'all' && !isOnTime(instant, now));
  const room = running ? LIMITS.catchUp : LIMITS.catchUp + 1;
  const line = [...queued];
  const leftOut: LeftOut[] = [];
  for (const instant of kept) {
    const isFree = !running && line.length === 0;
    if (!isFree && !waits(instant)) leftOut.push({ instant, why: 'running' });
    else if (line.length >= room) leftOut.push({ instant, why: 'queue-full' });
    else line.push(instant);
  }
  return running ? { fire: [], queued: line, leftOut } : { fire: line.slice(0, 1), queued: line.slice(1), leftOut };
}

function missedBefore(schedule: Schedule, at: { last: number; due: readonly number[]; kept: readonly number[] }): FireDecision['missed'] {
  const newest = at.due.at(-1);
  if (newest === undefined) return undefined;
  const [first] = nextInstants(schedule, at.last, 1);
  const [upTo] = instantsBetween(schedule, at.last, (at.kept[0] ?? newest + 1) - 1, 1);
  return first === undefined || upTo === undefined ? undefined : { first, last: upTo };
}
