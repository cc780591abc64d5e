import { describe, expect, it } from 'vitest';

import { handIn } from './at-once.mjs';
import { atRest } from './at-rest.mjs';
import { allWithin, type Compared, inTurns, tabulateTurns } from './turns.mjs';

const quiet = { rest: () => Promise.resolve(true) };

const values = (...all: number[]) => {
  const left = [...all];
  return () => Promise.resolve(left.shift() ?? Number.NaN);
};

function compared(unit: Compared['unit'], ours: number[], theirs: number[], limit?: number): Compared {
  return { what: 'something', unit, ours: { name: 'ours', measure: values(...ours) }, theirs: { name: 'theirs', measure: values(...theirs) }, ...(limit === undefined ? {} : { limit }) };
}

it('compares round by round, so a round that is slow for both changes nothing', async () => {
  const [row] = await inTurns([compared('per second', [20, 200, 2_000], [10, 100, 1_000])], 3, quiet);
  expect(row).toMatchObject({ ratio: 2, ours: { median: 200 }, theirs: { median: 100 } });
});

it.each([
  ['per second', 99, 10, false],
  ['per second', 100, 10, true],
  ['ms', 10, 1, true],
  ['ms', 11, 1, false],
] as const)('says of %s whether %d to %d is within 10 ×: %s', async (unit, ours, theirs, within) => {
  const rows = await inTurns([compared(unit, [ours], [theirs], 10)], 1, quiet);
  expect(rows[0]?.within).toBe(within);
  expect(allWithin(rows)).toBe(within);
  expect(tabulateTurns({ rows }).rows.at(-1)?.at(-1)).toContain(within ? 'within' : 'OVER');
});

it('takes nothing amiss that was not promised', async () => {
  const rows = await inTurns([compared('ms', [1_000], [1])], 1, quiet);
  expect(rows[0]).not.toHaveProperty('within');
  expect(allWithin(rows)).toBe(true);
});

it('hands in exactly so many, and no more at once than there are clients', async () => {
  let [now, most, done] = [0, 0, 0];
  await handIn(
    async () => {
      now += 1;
      most = Math.max(most, now);
      await new Promise((resolve) => setImmediate(resolve));
      now -= 1;
      done += 1;
    },
    { count: 25, atOnce: 4 },
  );
  expect({ most, done }).toEqual({ most: 4, done: 25 });
});

it('begins each turn once the machine has come to rest', async () => {
  const told: string[] = [];
  const side = (name: string) => ({ name, measure: () => Promise.resolve(told.push(name)) });
  const rest = () => Promise.resolve(told.push('rest') > 0);
  await inTurns([{ what: 'something', unit: 'ms', ours: side('ours'), theirs: side('theirs') }], 2, { rest });
  expect(told).toEqual(['rest', 'theirs', 'rest', 'ours', 'rest', 'theirs', 'rest', 'ours']);
});

describe('a machine at rest', () => {
  /** Two processors, busy for this share of each look and of all that come after the last. */
  const machine = (...shares: number[]) => {
    let [busy, all, looks] = [0, 0, 0];
    const times = () => ({ busy, all });
    const pause = () => {
      busy += 400 * (shares[Math.min(looks, shares.length - 1)] ?? 0);
      all += 400;
      looks += 1;
      return Promise.resolve();
    };
    return { times, pause, looks: () => looks };
  };

  it('has hardly anything to do, however busy it was before', async () => {
    const one = machine(1, 0.9, 0.2, 0.05, 1);
    expect(await atRest(one)).toBe(true);
    expect(one.looks()).toBe(4);
  });

  it('is not waited for longer than ten seconds', async () => {
    const one = machine(0.5);
    expect(await atRest(one)).toBe(false);
    expect(one.looks()).toBe(50);
  });
});
