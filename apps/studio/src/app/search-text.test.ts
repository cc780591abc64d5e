import fc from 'fast-check';
import { expect, it } from 'vitest';

import { parseSearch, stringifySearch } from './search-text.js';

it('reads what it wrote, whatever the texts are', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string({ unit: 'grapheme', minLength: 1 }), fc.string({ unit: 'grapheme' })), (search) => {
      expect(parseSearch(stringifySearch(search))).toEqual(search);
    }),
  );
});

it('writes texts plainly, and leaves out what is not there', () => {
  expect(stringifySearch({ line: '12', branch: 'true', q: 'a b&c', none: undefined })).toBe('?line=12&branch=true&q=a+b%26c');
  expect(stringifySearch({})).toBe('');
  expect(parseSearch('?line=12&x=%5B1%5D')).toEqual({ line: '12', x: '[1]' });
});
