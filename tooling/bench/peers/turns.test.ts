import { expect, it } from 'vitest';

import { handIn } from './at-once.mjs';
import { allWithin, type Compared, inTurns, tabulateTurns } from './turns.mjs';

const values = (...all: number[]) => {
  const left = [...all];
  return () => Promise.resolve(left.shift() ?? Number.NaN);
};

function compared(unit: Compared['unit'], ours: number[], theirs: number[], limit?: number): Compared {
  return { what: 'something', unit, ours: { name: 'ours', measure: values(...ours) }, theirs: { name: 'theirs', measure: values(...theirs) }, ...(limit === undefined ? {} : { limit }) };
}

it('compares round by round, so a round that is slow for both changes nothing', async () => {
  const [row] = await inTurns([compared('per second', [20, 200, 2_000], [10, 100, 1_000])], 3);
  expect(row).toMatchObject({ ratio: 2, ours: { median: 200 }, theirs: { median: 100 } });
});

it.each([
  ['per second', 99, 10, false],
  ['per second', 100, 10, true],
  ['ms', 10, 1, true],
  ['ms', 11, 1, false],
] as const)('says of %s whether %d to %d is within 10 ×: %s', async (unit, ours, theirs, within) => {
  const rows = await inTurns([compared(unit, [ours], [theirs], 10)], 1);
  expect(rows[0]?.within).toBe(within);
  expect(allWithin(rows)).toBe(within);
  expect(tabulateTurns({ rows }).rows.at(-1)?.at(-1)).toContain(within ? 'within' : 'OVER');
});

it('takes nothing amiss that was not promised', async () => {
  const rows = await inTurns([compared('ms', [1_000], [1])], 1);
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
