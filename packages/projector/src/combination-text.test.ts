import { describe, expect, it } from 'vitest';

import { combinationText } from './combination-text.js';

describe('combinationText', () => {
  it('is the values, one after the other, texts without quotes', () => {
    expect(combinationText({ os: 'linux', node: 20, flag: null, set: { a: [1] } })).toBe('linux, 20, null, {"a":[1]}');
  });

  it('is cut where it gets long', () => {
    expect(combinationText({ text: 'x'.repeat(60) })).toBe('x'.repeat(60));
    expect(combinationText({ text: 'x'.repeat(61) })).toBe(`${'x'.repeat(59)}…`);
  });
});
