import { expect, it } from 'vitest';

import { eachAtOnce } from './each-at-once.js';

it('does each once, never more at once than allowed, and names those that failed', async () => {
  let now = 0;
  let most = 0;
  const seen: number[] = [];
  const progress: number[] = [];
  const failed = await eachAtOnce([1, 2, 3, 4, 5, 6, 7, 8, 9], 4, {
    act: async (item) => {
      now += 1;
      most = Math.max(most, now);
      seen.push(item);
      await Promise.resolve();
      await Promise.resolve();
      now -= 1;
      if (item % 4 === 0) throw new Error(`not ${String(item)}`);
    },
    onProgress: (done) => progress.push(done),
  });
  expect(seen.toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(most).toBe(4);
  expect(progress).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(failed).toEqual([
    { item: 4, problem: new Error('not 4') },
    { item: 8, problem: new Error('not 8') },
  ]);
});
