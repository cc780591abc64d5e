import { describe, expect, it } from 'vitest';

import { nearestName, suggestName } from './nearest.js';

describe('nearestName', () => {
  it.each([
    ['stpes', ['steps', 'needs', 'env'], 'steps'],
    ['Timeout', ['timeout', 'retry'], 'timeout'],
    ['biuld', ['build', 'built'], 'build'],
    ['x', ['y'], 'y'],
    ['completely-else', ['steps', 'needs'], undefined],
    ['', ['steps'], undefined],
  ])('of %j among %j is %j', (name, candidates, expected) => {
    expect(nearestName(name, candidates)).toBe(expected);
  });
});

describe('suggestName', () => {
  it('lists the known names when none is near and they are few', () => {
    expect(suggestName('zzzzzz', ['alpha', 'beta'])).toBe('known: alpha, beta');
    expect(suggestName('zzzzzz', Array.from({ length: 13 }, (_, n) => `name-number-${n}`))).toBeUndefined();
    expect(suggestName('a', [])).toBeUndefined();
  });
});
