import { describe, expect, it } from 'vitest';

import { distanceText, durationText } from './durations.js';

describe('a duration in words', () => {
  it.each([
    [0, '0ms'],
    [-5, '0ms'],
    [999, '999ms'],
    [1_000, '1.0s'],
    [9_999, '9.9s'],
    [10_000, '10s'],
    [60_000, '1m'],
    [61_000, '1m 1s'],
    [3_600_000, '1h'],
    [3_900_000, '1h 5m'],
    [90_000_000, '1d 1h'],
  ])('of %i ms is %s', (ms, words) => {
    expect(durationText(ms)).toBe(words);
  });
});

describe('a distance in words', () => {
  it.each([
    [0, 'now'],
    [-999, 'now'],
    [-1_000, '1s ago'],
    [5_000, 'in 5s'],
    [-7_200_000, '2h ago'],
    [172_800_000, 'in 2d'],
  ])('of %i ms is %s', (ms, words) => {
    expect(distanceText(1_000_000_000 + ms, 1_000_000_000)).toBe(words);
  });
});
