import { expect, it } from 'vitest';

import { NOTHING, selectRange, toggle, toggleAll } from './selection.js';

const ORDER = ['a', 'b', 'c', 'd'];
const chosen = ({ ids }: { readonly ids: ReadonlySet<string> }): string => [...ids].toSorted().join('');

it('takes one in and out again', () => {
  const one = toggle(NOTHING, 'b');
  expect(chosen(one)).toBe('b');
  expect(chosen(toggle(one, 'b'))).toBe('');
});

it('takes a range in, upwards and downwards, and out', () => {
  expect(chosen(selectRange(toggle(NOTHING, 'b'), ORDER, 'd'))).toBe('bcd');
  expect(chosen(selectRange(toggle(NOTHING, 'c'), ORDER, 'a'))).toBe('abc');
  const out = toggle({ ids: new Set(ORDER), last: null }, 'b');
  expect(chosen(selectRange(out, ORDER, 'd'))).toBe('a');
});

it('takes one alone where a range has no beginning', () => {
  expect(chosen(selectRange(NOTHING, ORDER, 'c'))).toBe('c');
  expect(chosen(selectRange({ ids: new Set(), last: 'gone' }, ORDER, 'c'))).toBe('c');
});

it('takes all, and none when all were', () => {
  const all = toggleAll(toggle(NOTHING, 'a'), ORDER);
  expect(chosen(all)).toBe('abcd');
  expect(chosen(toggleAll(all, ORDER))).toBe('');
});
