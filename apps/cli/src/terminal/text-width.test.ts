import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { padTo, textWidth, truncate } from './text-width.js';

describe('textWidth', () => {
  it.each([
    ['hello', 5],
    ['\u001b[31mred\u001b[0m', 3],
    ['日本語', 6],
    ['한국', 4],
    ['naïve', 5],
    ['e\u0301', 1],
    ['👍', 2],
    ['👩‍👩‍👧', 2],
    ['✓ done', 6],
    ['⌚', 2],
    ['✔\ufe0f', 2],
    ['ｗｉｄｅ', 8],
    ['', 0],
  ])('of %j is %d', (text, width) => {
    expect(textWidth(text)).toBe(width);
  });

  it('is the same for what stands alone and next to what has to be looked at closely', () => {
    const codes = Array.from({ length: 0x2800 - 0x20 }, (_, index) => index + 0x20);
    const differing = codes.filter((code) => {
      const text = `a${String.fromCodePoint(code)}b${String.fromCodePoint(code, code)}`;
      return textWidth(text) !== textWidth(`日${text}`) - 2;
    });
    expect(differing.map((code) => code.toString(16))).toEqual([]);
  });
});

describe('truncate', () => {
  it('cuts with a mark and closes colours', () => {
    expect(truncate('hello world', 8)).toBe('hello w…');
    expect(truncate('\u001b[31mhello\u001b[39m world', 4)).toBe('\u001b[31mhel…\u001b[0m');
  });

  it('never cuts a wide character in half', () => {
    expect(truncate('日本語', 4)).toBe('日…');
    expect(truncate('日本語', 5)).toBe('日本…');
    expect(truncate('日本語', 6)).toBe('日本語');
  });

  it('always fits', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.nat({ max: 20 }), (text, columns) => {
        expect(textWidth(truncate(text, columns))).toBeLessThanOrEqual(columns);
      }),
    );
  });
});

describe('padTo', () => {
  it('counts columns, not characters', () => {
    expect(padTo('日本', 6)).toBe('日本  ');
    expect(padTo('long', 2)).toBe('long');
  });
});
