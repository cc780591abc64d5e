import { describe, expect, it } from 'vitest';

import { spread } from './spread.mjs';

describe('spread', () => {
  it('gives the middle and where most are, in any order', () => {
    expect(spread([5, 1, 3, 2, 4])).toEqual({ medianMs: 3, p10Ms: 1.4, p90Ms: 4.6 });
    expect(spread([1, 2])).toMatchObject({ medianMs: 1.5 });
    expect(spread([7])).toEqual({ medianMs: 7, p10Ms: 7, p90Ms: 7 });
  });
});
