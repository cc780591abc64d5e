import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { placesOf } from './place.js';

describe('placesOf', () => {
  it('counts lines and columns from 1', () => {
    const placeAt = placesOf('ab\nc\r\n\nd');
    expect([0, 1, 2, 3, 4, 6, 7, 8].map(placeAt)).toEqual([
      { line: 1, column: 1 },
      { line: 1, column: 2 },
      { line: 1, column: 3 },
      { line: 2, column: 1 },
      { line: 2, column: 2 },
      { line: 3, column: 1 },
      { line: 4, column: 1 },
      { line: 4, column: 2 },
    ]);
  });

  it('keeps offsets outside of the text at its ends', () => {
    const placeAt = placesOf('ab');
    expect(placeAt(-5)).toEqual({ line: 1, column: 1 });
    expect(placeAt(99)).toEqual({ line: 1, column: 3 });
    expect(placesOf('')(0)).toEqual({ line: 1, column: 1 });
  });

  it('finds what counting from the start finds', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('a', '\n', '\r\n', '😀'), { maxLength: 40 }), fc.nat(90), (pieces, wanted) => {
        const text = pieces.join('');
        const offset = Math.min(wanted, text.length);
        const before = text.slice(0, offset).split('\n');
        expect(placesOf(text)(offset)).toEqual({ line: before.length, column: (before.at(-1) ?? '').length + 1 });
      }),
    );
  });
});
