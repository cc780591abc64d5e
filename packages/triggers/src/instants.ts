import type { Schedule } from '@kb-labs/contracts';
import { Cron as Calendar } from 'croner';

import { type Cron, readCron } from './read-cron.js';
import { DEFAULT_TIME_ZONE } from './time-zone.js';
import { type DayGap, dayGapsBetween } from './wall-clock.js';

/** When a schedule comes due. */
export type Timetable = Pick<Schedule, 'cron' | 'timezone'>;

const MINUTE_MS = 60_000;

/**
 * The next times of a schedule after `from` (exclusive), in ms since the epoch; fewer than `count` when it has no more.
 *
 * Where clocks are put forward, a time that does not exist comes once, at the first instant after the gap. Where they are
 * put back, a time that exists twice comes the first time. Both are for times that are named: with `*` or a step in the
 * minute or the hour, a schedule follows the clock as it runs, leaves out what the clock leaves out and comes twice where
 * the clock does. Throws for an expression or a zone that reading the document refuses.
 */
export function nextInstants(schedule: Timetable, from: number, count: number): number[] {
  const cron = asked(schedule);
  const instants: number[] = [];
  let after = from;
  while (instants.length < count) {
    const next = nextAfter(cron, after);
    if (next === undefined) break;
    instants.push(next);
    after = next;
  }
  return instants;
}

/** The times after `after` (exclusive) up to `upTo` (inclusive), in order: of more than `limit` the newest. */
export function instantsBetween(schedule: Timetable, after: number, upTo: number, limit: number): number[] {
  return newest(asked(schedule), { after, upTo }, limit);
}

interface Span {
  readonly after: number;
  readonly upTo: number;
}

/** Looks into the later half first: what an hour or a year before it holds need not be counted. */
function newest(cron: Asked, { after, upTo }: Span, limit: number): number[] {
  const first = nextAfter(cron, after);
  if (limit < 1 || first === undefined || first > upTo) return [];
  if (upTo - first <= limit * MINUTE_MS) return allFrom(cron, first, upTo).slice(-limit);
  const middle = Math.floor((first + upTo) / 2);
  const later = newest(cron, { after: middle, upTo }, limit);
  return later.length === limit ? later : [...newest(cron, { after, upTo: middle }, limit - later.length), ...later];
}

function allFrom(cron: Asked, first: number, upTo: number): number[] {
  const instants: number[] = [];
  for (let next: number | undefined = first; next !== undefined && next <= upTo; next = nextAfter(cron, next)) instants.push(next);
  return instants;
}

/** The least time above `after`: what was answered for an earlier instant holds until it has come. */
function nextAfter(cron: Asked, after: number): number | undefined {
  const known = answers.get(cron.key);
  if (known !== undefined && known.after <= after && (known.next === undefined || after < known.next)) return known.next;
  const next = look(cron, after);
  if (answers.size === KNOWN) answers.clear();
  answers.set(cron.key, { after, next });
  return next;
}

function look(asked: Asked, after: number): number | undefined {
  const { calendar, cron, isNamed } = asked.timetable();
  const next = calendar.nextRun(new Date(after))?.getTime();
  if (next === undefined || !isNamed) return next;
  // The calendar gives up a time whose day ends in the gap.
  return dayGapsBetween(asked.zone, after, next).find((gap) => swallows(gap, cron))?.at ?? next;
}

function swallows({ from, to }: DayGap, cron: Cron): boolean {
  for (let wall = from; wall < to; wall += MINUTE_MS) if (fits(cron, new Date(wall))) return true;
  return false;
}

function fits({ minute, hour, day, month, weekday }: Cron, wall: Date): boolean {
  if (!minute.values.includes(wall.getUTCMinutes()) || !hour.values.includes(wall.getUTCHours()) || !month.values.includes(wall.getUTCMonth() + 1)) return false;
  const byDay = day.values.includes(wall.getUTCDate());
  const byWeekday = weekday.values.includes(wall.getUTCDay());
  return day.every || weekday.every ? byDay && byWeekday : byDay || byWeekday;
}

interface Asked {
  readonly key: string;
  readonly zone: string;
  /** Read when it is first needed. */
  timetable(): Read;
}

interface Read {
  readonly calendar: Calendar;
  readonly cron: Cron;
  /** Whether minute and hour have neither `*` nor a step. */
  readonly isNamed: boolean;
}

/**
 * The last answer for each schedule. A scheduler asks again and again, long before the next time comes; a calendar takes more time to make than
 * to ask, and 80 KB for its years, so that none is kept.
 */
const answers = new Map<string, { readonly after: number; readonly next: number | undefined }>();
const KNOWN = 256;

function asked({ cron: text, timezone: zone = DEFAULT_TIME_ZONE }: Timetable): Asked {
  let read: Read | undefined;
  return { key: `${zone} ${text}`, zone, timetable: () => (read ??= readTimetable(text, zone)) };
}

function readTimetable(text: string, zone: string): Read {
  const read = readCron(text);
  if (!read.ok) throw new Error(`the schedule ${JSON.stringify(text)}: ${read.problems.map((one) => one.problem).join('; ')}`);
  const { cron } = read;
  const calendar = new Calendar(cron.text, { ...placeOf(zone), mode: '5-part', fixedTimeRule: 'no-wildcard' });
  const isNamed = !/[*/]/.test(cron.text.split(' ').slice(0, 2).join(' '));
  return { calendar, cron, isNamed };
}

/** To look a zone up Node loads what it knows of languages as well: not for that of a schedule which names none. */
function placeOf(zone: string): { timezone: string } | { utcOffset: number } {
  return zone === DEFAULT_TIME_ZONE ? { utcOffset: 0 } : { timezone: zone };
}
