import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { createRefresher } from './refresher.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

it('reads at once, then no more often than allowed, and once more for all that came meanwhile', async () => {
  let reads = 0;
  const refresher = createRefresher({ read: () => Promise.resolve((reads += 1)), gapMs: () => 250 });
  for (let index = 0; index < 5; index += 1) refresher.ask();
  await vi.advanceTimersByTimeAsync(0);
  expect(reads).toBe(1);
  for (let index = 0; index < 100; index += 1) {
    refresher.ask();
    await vi.advanceTimersByTimeAsync(10);
  }
  expect(reads).toBe(5);
  refresher.ask();
  refresher.ask();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(reads).toBe(6);
});

it('reads again behind a reading that a change came into, also one that failed', async () => {
  const ends: (() => void)[] = [];
  const refresher = createRefresher({ read: () => new Promise((_, reject) => ends.push(() => { reject(new Error('no')); })), gapMs: () => 0 });
  refresher.ask();
  await vi.advanceTimersByTimeAsync(0);
  refresher.ask();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(ends).toHaveLength(1);
  ends[0]?.();
  await vi.advanceTimersByTimeAsync(0);
  expect(ends).toHaveLength(2);
  refresher.stop();
  refresher.ask();
  ends[1]?.();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(ends).toHaveLength(2);
});
