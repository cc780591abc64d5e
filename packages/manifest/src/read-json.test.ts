import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { dataOf } from './located.js';
import { readDocument } from './read-document.js';

function read(text: string) {
  const { root, problems } = readDocument({ text, file: 'a.json' });
  return { data: root === undefined ? undefined : dataOf(root), problems: problems.list };
}

/** Values that both readers hold the same way: no integers beyond 2^53, no `__proto__`. */
const value = fc.jsonValue({ maxDepth: 4 }).filter((json) => !/__proto__|e\+|\d{16}/.test(JSON.stringify(json)));

describe('readJson', () => {
  it('reads what JSON.parse reads', () => {
    fc.assert(
      fc.property(value, fc.constantFrom(0, 1, 2), (json, indent) => {
        const text = JSON.stringify(json, null, indent);
        const { data, problems } = read(text);
        expect(problems).toEqual([]);
        expect(JSON.stringify(data)).toBe(text === '-0' ? '0' : JSON.stringify(JSON.parse(text)));
      }),
    );
  });

  it('accepts exactly the texts that JSON.parse accepts', () => {
    const piece = fc.constantFrom('{', '}', '[', ']', ',', ':', '"a"', '"b\\n"', '"\\x"', '1', '-', '0.5', '1e3', '01', '.5', 'true', 'nul', 'null', ' ', '\n', "'c'", '//');
    fc.assert(
      fc.property(fc.array(piece, { minLength: 1, maxLength: 9 }), (pieces) => {
        const text = pieces.join('');
        const { problems, data } = read(text);
        const refused = problems.some((problem) => problem.code === 'DOCUMENT_SYNTAX') || data === undefined;
        expect(refused, text).toBe(!parses(text));
      }),
      { numRuns: 2_000 },
    );
  });

  it('reads long texts', () => {
    const long = 'a\\n'.repeat(80_000);
    expect(read(`{"a":"${long}"}`).problems).toEqual([]);
  });
});

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
