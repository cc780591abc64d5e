import { describe, expect, it } from 'vitest';

import { factsOf } from './facts-of.js';

describe('facts', () => {
  it('are the short values of an object', () => {
    expect(factsOf({ version: '1.4.0', count: 3, dry: false, note: null })).toEqual([
      ['version', '1.4.0'],
      ['count', '3'],
      ['dry', 'false'],
      ['note', '–'],
    ]);
  });

  it.each([null, 'text', [], {}, { deep: {} }, { lines: 'a\nb' }, { long: 'x'.repeat(201) }])('are none in %j', (value) => {
    expect(factsOf(value)).toBeUndefined();
  });
});
