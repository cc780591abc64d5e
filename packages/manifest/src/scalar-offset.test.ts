import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';

import { findPath, type ScalarNode, type ScalarStyle } from './located.js';
import { readDocument } from './read-document.js';
import { offsetInText } from './scalar-offset.js';

function scalarOf(text: string, file = 'a.yml'): ScalarNode {
  const { root, problems } = readDocument({ text, file });
  if (root === undefined) throw new Error(JSON.stringify(problems.list));
  const { node } = findPath(root, ['a']);
  if (node.kind !== 'scalar') throw new Error('not a scalar');
  return node;
}

/** Where the word `HERE` of the value stands, and where it is found. */
function found(text: string, file?: string): { style: ScalarStyle; at: string } {
  const scalar = scalarOf(text, file);
  const offset = offsetInText(text, scalar, String(scalar.value).indexOf('HERE'));
  return { style: scalar.style, at: text.slice(offset, offset + 4) };
}

describe('offsetInText', () => {
  it.each([
    ['a: one HERE', 'plain'],
    ['a: one\n  two   HERE\n', 'plain'],
    ["a: 'it''s HERE'", 'single'],
    ["a: 'it''s\n\n  ''two HERE'''", 'single'],
    ['a: "\\ttab \\u00e9 \\U0001F600 \\x41 \\"HERE\\""', 'double'],
    ['a: "one\n  two \\\n  three\n\n\n  HERE"', 'double'],
    ['a: |\n  one\n    two HERE\n', 'literal'],
    ['a: |2-\n\n   one\n  HERE\n', 'literal'],
    ['a: |\r\n  one\r\n  HERE\r\n', 'literal'],
    ['a: >\n  one\n  two\n\n    kept HERE\n', 'folded'],
    ['a: >-\n  one\n\n\n  HERE', 'folded'],
  ])('%j', (text, style) => {
    expect(found(text)).toEqual({ style, at: 'HERE' });
  });

  it('reads the escapes of JSON', () => {
    expect(found('{"a": "\\u0041\\n\\ud83d\\ude00\\"HERE"}', 'a.json')).toEqual({ style: 'json', at: 'HERE' });
  });

  it('goes no further than the value', () => {
    for (const text of ['a: one', "a: 'one'", 'a: "one"', 'a: |\n  one\n', 'a: >\n  one\n']) {
      const scalar = scalarOf(text);
      expect(offsetInText(text, scalar, 1_000)).toBeLessThanOrEqual(text.length);
    }
  });

  const word = fc.stringMatching(/^[a-z'":#{}é-]{1,6}$/u);
  const spaced = fc.array(fc.tuple(word, fc.constantFrom(' ', '  ', '\n', '\n\n', ' \n  ')), { minLength: 1, maxLength: 8 });
  const types = fc.constantFrom('PLAIN', 'QUOTE_SINGLE', 'QUOTE_DOUBLE', 'BLOCK_LITERAL', 'BLOCK_FOLDED');

  it('finds every visible character of a value in whatever style it is written', () => {
    fc.assert(
      fc.property(spaced, types, (words, style) => {
        const written = words.map(([text, space]) => text + space).join('').trimEnd();
        const text = stringify({ a: written }, { defaultStringType: style as 'PLAIN', lineWidth: 20 });
        const scalar = scalarOf(text);
        const value = String(scalar.value);
        expect(value.replace(/\s/g, '')).toBe(written.replace(/\s/g, ''));
        for (let at = 0; at < value.length; at += 1) {
          const char = value[at] ?? '';
          if (/\s/.test(char)) continue;
          const shown = text[offsetInText(text, scalar, at)];
          expect(shown === '\\' || shown === char, `${JSON.stringify(text)} at ${String(at)}`).toBe(true);
        }
      }),
      { numRuns: 300 },
    );
  });
});
