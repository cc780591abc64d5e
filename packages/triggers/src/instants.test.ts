import { readFileSync } from 'node:fs';

import { Cron as Calendar } from 'croner';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished, vi } from 'vitest';

import { instantsBetween, nextInstants } from './instants.js';
import { type Cron, readCron } from './read-cron.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** A time in a zone where clocks change: what comes after `from`. */
interface Row {
  readonly zone: string;
  readonly cron: string;
  readonly from: string;
  readonly instants: readonly string[];
  readonly why: string;
}

const ROWS = JSON.parse(readFileSync(new URL('../../../tooling/fixtures/triggers/schedules.json', import.meta.url), 'utf8')) as readonly Row[];

describe('the golden times', () => {
  it('are at least forty, in eight zones', () => {
    expect(ROWS.length).toBeGreaterThanOrEqual(40);
    expect(new Set(ROWS.map((row) => row.zone)).size).toBeGreaterThanOrEqual(8);
  });

  it.each(ROWS)('$cron in $zone after $from: $why', ({ cron, zone, from, instants }) => {
    const found = nextInstants({ cron, timezone: zone }, Date.parse(from), instants.length);
    expect(found.map(iso)).toEqual(instants);
  });

  it.each(ROWS.filter((row) => lastOf(row) - Date.parse(row.from) <= 4 * DAY))('$cron in $zone after $from: looking at every minute says the same', (row) => {
    const { cron, zone, from, instants } = row;
    const last = lastOf(row);
    expect(minuteByMinute(cron, zone, { after: Date.parse(from), upTo: last }).map(iso)).toEqual(instants);
  });
});

describe('the times of a schedule', () => {
  it('are those that looking at every minute finds, around every change of clocks', () => {
    const change = fc.constantFrom(...CHANGES);
    const minute = fc.constantFrom('*', '0', '30', '15,45', '*/20', '0-10/5', '59');
    const hour = fc.constantFrom('*', '0', '1', '2', '3', '1,2', '2-3', '*/2', '1-3/2', '23');
    const days = fc.constantFrom('* * *', '* * 0', '1-7 * 0', '*/2 * *', '* 3,10,11 *');
    fc.assert(
      fc.property(change, minute, hour, days, fc.integer({ min: -30, max: 6 }), ({ zone, at }, minutes, hours, rest, hoursBefore) => {
        const cron = `${minutes} ${hours} ${rest}`;
        const after = Date.parse(at) + hoursBefore * HOUR + 17_000;
        const upTo = after + 36 * HOUR;
        expect(instantsBetween({ cron, timezone: zone }, after, upTo, 5_000).map(iso)).toEqual(minuteByMinute(cron, zone, { after, upTo }).map(iso));
      }),
      { numRuns: 40 },
    );
  });

  it('are those of any other zone without an offset when it names none, and nothing is asked of what Node knows of zones', () => {
    const part = (most: number, first = 0): fc.Arbitrary<string> => fc.oneof(fc.constant('*'), fc.constant('*/7'), fc.integer({ min: first, max: most }).map(String));
    // Formats are kept once they are made, here and by the calendar.
    const asked = vi.spyOn(Intl.DateTimeFormat.prototype, 'formatToParts');
    onTestFinished(() => asked.mockRestore());
    fc.assert(
      fc.property(part(59), part(23), part(31, 1), part(12, 1), part(6), fc.integer({ min: 0, max: 4e12 }), (minute, hour, day, month, weekday, from) => {
        const cron = [minute, hour, day, month, weekday].join(' ');
        const before = asked.mock.calls.length;
        const found = nextInstants({ cron }, from, 3);
        expect(asked.mock.calls.length).toBe(before);
        expect(found).toEqual(nextInstants({ cron, timezone: 'Etc/GMT' }, from, 3));
      }),
      { numRuns: 60 },
    );
    expect(asked).toHaveBeenCalled();
  });

  it('come in order, each once, whichever way they are asked for', () => {
    const schedule = { cron: '*/20 1-3 * * *', timezone: 'Europe/Vienna' };
    const after = Date.parse('2026-10-24T00:00:00Z');
    const all = nextInstants(schedule, after, 40);
    expect(instantsBetween(schedule, after, all.at(-1) ?? 0, 100)).toEqual(all);
    expect(instantsBetween(schedule, after, all.at(-1) ?? 0, 7)).toEqual(all.slice(-7));
    expect(instantsBetween(schedule, after, (all.at(-1) ?? 0) - 1, 7)).toEqual(all.slice(-8, -1));
    expect(instantsBetween(schedule, all[3] ?? 0, all[5] ?? 0, 7)).toEqual(all.slice(4, 6));
  });

  it('are the newest of very many without counting all', () => {
    const now = Date.parse('2030-01-01T00:00:00Z');
    expect(instantsBetween({ cron: '* * * * *' }, 0, now, 3)).toEqual([now - 120_000, now - 60_000, now]);
    expect(instantsBetween({ cron: '* * 1-31 1 *' }, 0, Date.parse('2029-12-31T00:00:00Z'), 2).map(iso)).toEqual(['2029-01-31T23:58:00.000Z', '2029-01-31T23:59:00.000Z']);
    expect(instantsBetween({ cron: '0 0 29 2 *' }, 0, now, 3).map(iso)).toEqual(['2020-02-29T00:00:00.000Z', '2024-02-29T00:00:00.000Z', '2028-02-29T00:00:00.000Z']);
  });

  it('are looked for again when the next has come, and not before', () => {
    const schedule = { cron: '17 4 3 5 *', timezone: 'Europe/Oslo' };
    const from = Date.UTC(2030, 0, 1);
    const [next = Number.NaN] = nextInstants(schedule, from, 1);
    const looks = vi.spyOn(Calendar.prototype, 'nextRun');
    onTestFinished(() => looks.mockRestore());
    for (const now of [from, from + 1, next - 1]) {
      expect(nextInstants(schedule, now, 1)).toEqual([next]);
      expect(instantsBetween(schedule, from, now, 100)).toEqual([]);
    }
    expect(looks).not.toHaveBeenCalled();
    expect(instantsBetween(schedule, from, next, 100)).toEqual([next]);
    expect(nextInstants(schedule, next, 1)[0]).toBeGreaterThan(next);
    expect(nextInstants(schedule, from - 1, 1)).toEqual([next]);
    expect(looks.mock.calls.length).toBeGreaterThan(1);
  });

  it('are in UTC without a zone, and none before or at where the search starts', () => {
    expect(nextInstants({ cron: '0 9 * * *' }, Date.parse('2026-01-01T09:00:00Z'), 1).map(iso)).toEqual(['2026-01-02T09:00:00.000Z']);
    expect(nextInstants({ cron: '0 9 * * *' }, Date.parse('2026-01-01T08:59:59.999Z'), 1).map(iso)).toEqual(['2026-01-01T09:00:00.000Z']);
    expect(instantsBetween({ cron: '0 9 * * *' }, 5, 5, 9)).toEqual([]);
    expect(instantsBetween({ cron: '0 9 * * *' }, 5, 0, 9)).toEqual([]);
  });

  it('are not made up for what no document can have', () => {
    expect(() => nextInstants({ cron: '0 0 30 2 *' }, 0, 1)).toThrow('no such date');
    expect(() => nextInstants({ cron: '0 0 * * *', timezone: 'Mars/Base' }, 0, 1)).toThrow();
  });
});


const CHANGES = [
  { zone: 'Europe/Vienna', at: '2026-03-29T01:00:00Z' },
  { zone: 'Europe/Vienna', at: '2026-10-25T01:00:00Z' },
  { zone: 'America/New_York', at: '2026-03-08T07:00:00Z' },
  { zone: 'America/New_York', at: '2026-11-01T06:00:00Z' },
  { zone: 'Australia/Lord_Howe', at: '2026-10-03T15:30:00Z' },
  { zone: 'Australia/Lord_Howe', at: '2026-04-04T15:00:00Z' },
  { zone: 'Africa/Cairo', at: '2026-04-23T22:00:00Z' },
  { zone: 'Africa/Cairo', at: '2026-10-29T21:00:00Z' },
  { zone: 'America/Nuuk', at: '2026-03-29T01:00:00Z' },
  { zone: 'America/Nuuk', at: '2026-10-25T01:00:00Z' },
  { zone: 'Pacific/Apia', at: '2011-12-30T10:00:00Z' },
  { zone: 'Asia/Kolkata', at: '2026-03-29T01:00:00Z' },
];

function lastOf({ from, instants }: Row): number {
  return Date.parse(instants.at(-1) ?? from);
}

function iso(instant: number): string {
  return new Date(instant).toISOString();
}

/**
 * The rule again, told by the clock on the wall: looks at every minute of the time that passes. A time with neither `*`
 * nor a step in minute and hour counts the first time only, and right after a gap for those the gap has swallowed.
 */
function minuteByMinute(text: string, zone: string, { after, upTo }: { after: number; upTo: number }): number[] {
  const read = readCron(text);
  if (!read.ok) throw new Error(text);
  const { cron } = read;
  const isNamed = !/[*/]/.test(text.split(' ').slice(0, 2).join(' '));
  const found: number[] = [];
  const start = Math.floor(after / 60_000) * 60_000 - 3 * HOUR;
  const seen = new Set<number>();
  let before = wallOf(start - 60_000, zone);
  for (let instant = start; instant <= upTo; instant += 60_000) {
    const wall = wallOf(instant, zone);
    const swallowed = isNamed ? minutesBetween(before, wall).some((minute) => fits(cron, minute)) : false;
    const isFirst = !seen.has(wall);
    if (((fits(cron, wall) && (isFirst || !isNamed)) || swallowed) && instant > after) found.push(instant);
    seen.add(wall);
    before = wall;
  }
  return found;
}

/** The minutes that a clock put forward leaves out. */
function minutesBetween(before: number, now: number): number[] {
  return Array.from({ length: Math.max(0, (now - before) / 60_000 - 1) }, (_, index) => before + (index + 1) * 60_000);
}

/** The clock on the wall, as if it were in UTC. */
function wallOf(instant: number, zone: string): number {
  const parts = Object.fromEntries(formatOf(zone).formatToParts(instant).map((part) => [part.type, Number(part.value)]));
  return Date.UTC(parts['year'] ?? 0, (parts['month'] ?? 1) - 1, parts['day'], parts['hour'], parts['minute']);
}

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(zone: string): Intl.DateTimeFormat {
  const format = formats.get(zone) ?? new Intl.DateTimeFormat('en-US', { timeZone: zone, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric' });
  formats.set(zone, format);
  return format;
}

function fits({ minute, hour, day, month, weekday }: Cron, wall: number): boolean {
  const date = new Date(wall);
  const byDay = day.values.includes(date.getUTCDate());
  const byWeekday = weekday.values.includes(date.getUTCDay());
  const onDay = day.every ? byWeekday : weekday.every ? byDay : byDay || byWeekday;
  return minute.values.includes(date.getUTCMinutes()) && hour.values.includes(date.getUTCHours()) && month.values.includes(date.getUTCMonth() + 1) && onDay;
}
