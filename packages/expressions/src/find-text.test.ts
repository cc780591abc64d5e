import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { includesText } from './find-text.js';
import { Work } from './work.js';

describe('the search for text in text', () => {
  it('finds what the runtime finds, also long parts that repeat themselves', () => {
    const word = fc.array(fc.constantFrom('a', 'b', 'ab', 'aab'), { maxLength: 60, size: 'max' }).map((parts) => parts.join(''));
    let found = 0;
    fc.assert(
      fc.property(word, word, word, fc.boolean(), (before, part, after, planted) => {
        const text = planted ? before + part + after : before + after;
        const expected = text.includes(part);
        if (expected && part.length > 32) found += 1;
        return includesText(text, part, new Work()) === expected;
      }),
      { numRuns: 5_000 },
    );
    expect(found).toBeGreaterThan(500);
  });
});
