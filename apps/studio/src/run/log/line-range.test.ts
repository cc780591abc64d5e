import { expect, it } from 'vitest';

import { extendTo, readLineRange, writeLineRange } from './line-range.js';

it('reads lines as an address names them, and nothing else', () => {
  expect(readLineRange('12')).toEqual({ first: 12, last: 12 });
  expect(readLineRange('20-12')).toEqual({ first: 12, last: 20 });
  for (const none of [undefined, '', '0', '-1', '1-', 'x', '1-2-3', '99999999999']) expect(readLineRange(none)).toBeUndefined();
});

it('writes what it reads', () => {
  for (const text of ['1', '3-9']) expect(writeLineRange(readLineRange(text) ?? { first: 0, last: 0 })).toBe(text);
});

it('goes from the line that was chosen first', () => {
  expect(extendTo(undefined, 4)).toEqual({ first: 4, last: 4 });
  expect(extendTo({ first: 4, last: 4 }, 9)).toEqual({ first: 4, last: 9 });
  expect(extendTo({ first: 4, last: 9 }, 2)).toEqual({ first: 2, last: 4 });
});
