import { LIMITS, type Schedule } from '@kb-labs/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { decideFire, type FireDecision, type ScheduleStanding } from './decide-fire.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const NINE = Date.parse('2026-01-05T09:00:00Z');
const daily: Schedule = { cron: '0 9 * * *' };

describe('what a schedule starts', () => {
  it('is nothing when it is seen for the first time, however late in the minute', () => {
    expect(decide(daily, { last: undefined, now: NINE + 10_000 })).toEqual({ fire: [], queued: [], leftOut: [], last: NINE + 10_000, next: NINE + DAY });
  });

  it('is its time, once', () => {
    const first = decide(daily, { last: NINE - DAY, now: NINE });
    expect(first).toEqual({ fire: [NINE], queued: [], leftOut: [], last: NINE, next: NINE + DAY });
    expect(decide(daily, { last: first.last, now: NINE + 1 }).fire).toEqual([]);
    expect(decide(daily, { last: first.last, now: NINE + DAY - 1 }).fire).toEqual([]);
  });

  it('is its time also when a restart was in the way for less than a minute, whatever is made up for', () => {
    for (const catchup of ['none', 'last', 'all'] as const) {
      expect(decide({ ...daily, catchup }, { last: NINE - DAY, now: NINE + LIMITS.onTimeMs - 1 }).fire).toEqual([NINE]);
    }
  });

  it('is nothing while the clock is put back, and no time is left out when it comes again', () => {
    expect(decide(daily, { last: NINE, now: NINE - HOUR })).toEqual({ fire: [], queued: [], leftOut: [], last: NINE, next: NINE + DAY });
    expect(decide(daily, { last: NINE, now: NINE + DAY }).fire).toEqual([NINE + DAY]);
  });
});

describe('after three days without a daemon', () => {
  const standing = { last: NINE - DAY, now: NINE + 2 * DAY + HOUR };

  it('none: nothing, and it says what was missed', () => {
    expect(decide({ ...daily, catchup: 'none' }, standing)).toEqual({ fire: [], queued: [], leftOut: [], last: NINE + 2 * DAY, next: NINE + 3 * DAY, missed: { first: NINE, last: NINE + 2 * DAY } });
  });

  it('last: the last time, which is what happens when nothing is said', () => {
    const expected = { fire: [NINE + 2 * DAY], queued: [], leftOut: [], last: NINE + 2 * DAY, next: NINE + 3 * DAY, missed: { first: NINE, last: NINE + DAY } };
    expect(decide({ ...daily, catchup: 'last' }, standing)).toEqual(expected);
    expect(decide(daily, standing)).toEqual(expected);
  });

  it('all: one after the other', () => {
    const schedule: Schedule = { ...daily, catchup: 'all' };
    const first = decide(schedule, standing);
    expect(first).toMatchObject({ fire: [NINE], queued: [NINE + DAY, NINE + 2 * DAY], last: NINE + 2 * DAY });
    expect(first.missed).toBeUndefined();
    const second = decide(schedule, { ...standing, ...first, now: standing.now + 1, running: true });
    expect(second.fire).toEqual([]);
    const third = decide(schedule, { ...standing, ...second, now: standing.now + 2 });
    expect(third).toMatchObject({ fire: [NINE + DAY], queued: [NINE + 2 * DAY] });
  });

  it('all, allowed to overlap: at once', () => {
    expect(decide({ ...daily, catchup: 'all', overlap: 'allow' }, standing).fire).toEqual([NINE, NINE + DAY, NINE + 2 * DAY]);
  });

  it('a time that is on time stands for the last one missed', () => {
    const now = NINE + 3 * DAY + 5_000;
    expect(decide(daily, { last: NINE - DAY, now }).fire).toEqual([NINE + 3 * DAY]);
    expect(decide({ ...daily, catchup: 'none' }, { last: NINE - DAY, now }).fire).toEqual([NINE + 3 * DAY]);
  });

  it('all is bounded: the newest hundred', () => {
    const decision = decide({ cron: '* * * * *', catchup: 'all', overlap: 'allow' }, { last: NINE, now: NINE + 3 * DAY });
    expect(decision.fire).toHaveLength(LIMITS.catchUp);
    expect(decision.fire.at(-1)).toBe(NINE + 3 * DAY);
    expect(decision.missed).toEqual({ first: NINE + MINUTE, last: NINE + 3 * DAY - LIMITS.catchUp * MINUTE });
  });
});

describe('a time that comes while a run goes on', () => {
  const busy = { last: NINE - DAY, now: NINE, running: true };

  it('skip: is left out, which is what happens when nothing is said', () => {
    const expected = { fire: [], queued: [], last: NINE, leftOut: [{ instant: NINE, why: 'running' }] };
    expect(decide({ ...daily, overlap: 'skip' }, busy)).toMatchObject(expected);
    expect(decide(daily, busy)).toMatchObject(expected);
  });

  it('queue: waits, and starts when the run has ended', () => {
    const schedule: Schedule = { ...daily, overlap: 'queue' };
    const waiting = decide(schedule, busy);
    expect(waiting).toMatchObject({ fire: [], queued: [NINE], last: NINE });
    expect(decide(schedule, { ...busy, ...waiting, running: false, now: NINE + HOUR })).toMatchObject({ fire: [NINE], queued: [] });
  });

  it('queue: no more than a hundred wait', () => {
    const queued = Array.from({ length: LIMITS.catchUp }, (_, index) => NINE - (index + 1) * DAY).reverse();
    expect(decide({ ...daily, overlap: 'queue' }, { ...busy, queued })).toMatchObject({ fire: [], queued, leftOut: [{ instant: NINE, why: 'queue-full' }] });
  });

  it('allow: starts beside it', () => {
    expect(decide({ ...daily, overlap: 'allow' }, busy)).toMatchObject({ fire: [NINE], queued: [] });
  });

  it('is left out behind those that are made up for, too', () => {
    const schedule: Schedule = { cron: '0 * * * *', catchup: 'all' };
    const decision = decide(schedule, { last: NINE - 3 * HOUR, now: NINE + 1_000 });
    expect(decision).toMatchObject({ fire: [NINE - 2 * HOUR], queued: [NINE - HOUR], leftOut: [{ instant: NINE, why: 'running' }] });
  });
});

describe('whatever the clock does', () => {
  const steps = fc.array(fc.record({ by: fc.integer({ min: -HOUR, max: 5 * HOUR }), running: fc.boolean() }), { minLength: 1, maxLength: 40 });
  const schedules = fc.record({
    cron: fc.constantFrom('0 * * * *', '*/7 * * * *', '0 9 * * *'),
    catchup: fc.constantFrom('none' as const, 'last' as const, 'all' as const),
    overlap: fc.constantFrom('skip' as const, 'queue' as const, 'allow' as const),
  });

  it('starts no time twice, in order, and accounts for every time', () => {
    fc.assert(
      fc.property(schedules, steps, (schedule, moves) => {
        let now = NINE;
        let kept: Pick<FireDecision, 'last' | 'queued'> = { last: now, queued: [] };
        const fired: number[] = [];
        const settled: number[] = [];
        for (const { by, running } of moves) {
          now += by;
          const decision = decideFire(schedule, { ...kept, now, running });
          fired.push(...decision.fire);
          settled.push(...decision.leftOut.map((one) => one.instant));
          expect(decision.queued.length).toBeLessThanOrEqual(LIMITS.catchUp);
          expect(decision.last).toBeGreaterThanOrEqual(kept.last);
          if (running && schedule.overlap !== 'allow') expect(decision.fire).toEqual([]);
          kept = decision;
        }
        expect(fired).toEqual([...new Set(fired)].sort((a, b) => a - b));
        const all = [...fired, ...settled, ...kept.queued];
        expect(new Set(all).size).toBe(all.length);
      }),
      { numRuns: 80 },
    );
  });

  it('starts every time when it looks in time and nothing runs', () => {
    const schedule: Schedule = { cron: '*/7 * * * *', catchup: 'none' };
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 59_000 }), { minLength: 50, maxLength: 300 }), (waits) => {
        let now = NINE;
        let last: number = now;
        const fired: number[] = [];
        for (const wait of waits) {
          now += wait;
          const decision = decide(schedule, { last, now });
          fired.push(...decision.fire);
          ({ last } = decision);
        }
        const expected: number[] = [];
        for (let at = NINE; at <= now; at += MINUTE) if (at > NINE && (at / MINUTE) % 60 % 7 === 0) expected.push(at);
        expect(fired).toEqual(expected);
      }),
      { numRuns: 15 },
    );
  });
});

function decide(schedule: Schedule, standing: Partial<ScheduleStanding> & { last: number | undefined; now: number }): FireDecision {
  return decideFire(schedule, { running: false, ...standing });
}
