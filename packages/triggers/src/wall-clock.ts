import { DEFAULT_TIME_ZONE } from './time-zone.js';

/** A change of clocks that leaves out the end of a day, or all of it. */
export interface DayGap {
  /** The first instant after it. */
  readonly at: number;
  /** What the clock on the wall leaves out, as if it were in UTC: from here (inclusive) … */
  readonly from: number;
  /** … to here (exclusive). */
  readonly to: number;
}

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/**
 * Gaps after `after` and before `before` with midnight in them: few zones put clocks forward so late in the evening
 * (America/Nuuk does), or moved over the date line.
 */
export function dayGapsBetween(zone: string, after: number, before: number): DayGap[] {
  if (zone === DEFAULT_TIME_ZONE) return [];
  const gaps: DayGap[] = [];
  for (let year = yearOf(after); year <= yearOf(before); year += 1) gaps.push(...dayGapsIn(zone, year));
  return gaps.filter((gap) => gap.at > after && gap.at < before);
}

/** A year costs a few hundred looks at a calendar, and is asked for again and again. */
const known = new Map<string, readonly DayGap[]>();
const KNOWN = 1_024;

function dayGapsIn(zone: string, year: number): readonly DayGap[] {
  const key = `${zone} ${String(year)}`;
  const found = known.get(key);
  if (found !== undefined) return found;
  const gaps: DayGap[] = [];
  const end = Date.UTC(year + 1, 0, 1);
  let before = offsetAt(Date.UTC(year, 0, 1), zone);
  for (let day = Date.UTC(year, 0, 1); day < end; day += DAY_MS) {
    const after = offsetAt(day + DAY_MS, zone);
    if (after > before) gaps.push(gapIn(zone, { start: day, before, after }));
    before = after;
  }
  const overMidnight = gaps.filter(({ from, to }) => Math.floor(from / DAY_MS) !== Math.floor(to / DAY_MS));
  if (known.size === KNOWN) known.clear();
  known.set(key, overMidnight);
  return overMidnight;
}

/** Halves the day until the minute of the change is found. */
function gapIn(zone: string, { start, before, after }: { start: number; before: number; after: number }): DayGap {
  let early = start;
  let late = start + DAY_MS;
  while (late - early > MINUTE_MS) {
    const middle = Math.floor((early + late) / 2 / MINUTE_MS) * MINUTE_MS;
    if (offsetAt(middle, zone) === before) early = middle;
    else late = middle;
  }
  return { at: late, from: late + before, to: late + after };
}

function yearOf(instant: number): number {
  return new Date(instant).getUTCFullYear();
}

/** What the clock on the wall is ahead of UTC, in ms, at a full minute. */
function offsetAt(instant: number, zone: string): number {
  const parts = new Map(formatOf(zone).formatToParts(instant).map((part) => [part.type, Number(part.value)]));
  const part = (type: Intl.DateTimeFormatPartTypes): number => parts.get(type) ?? 0;
  return Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute')) - instant;
}

const formats = new Map<string, Intl.DateTimeFormat>();
const FORMATS = 64;

function formatOf(zone: string): Intl.DateTimeFormat {
  const found = formats.get(zone);
  if (found !== undefined) return found;
  const made = new Intl.DateTimeFormat('en-US', { timeZone: zone, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric' });
  if (formats.size === FORMATS) formats.clear();
  formats.set(zone, made);
  return made;
}
