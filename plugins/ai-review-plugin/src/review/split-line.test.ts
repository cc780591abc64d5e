import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { Language } from './file-kind.js';
import { LineSplitter } from './split-line.js';

function codeOf(language: Language, ...lines: string[]): string[] {
  const splitter = new LineSplitter(language);
  return lines.map((line) => splitter.split(line).code.replaceAll(/ +/g, ' ').trim());
}

describe('what is left as code', () => {
  it.each<[Language, string, string]>([
    ['javascript', "f('a // b'); // c", "f(' ');"],
    ['javascript', 'f(/["`]/, g); // "', 'f( , g);'],
    ['javascript', 'a / b; "c"', 'a / b; " "'],
    ['javascript', 'return /x"/.test(y)', 'return .test(y)'],
    ['javascript', 'a /* b */ + c', 'a + c'],
    ['javascript', '`a ${f({ b: `c ${d}` })} e`', '` ${f({ b: ` ${d}` })} `'],
    ['javascript', '"a\\"b" + c', '" " + c'],
    ['python', "f('#') # g", "f(' ')"],
    ['shell', 'echo a#b # c', 'echo a#b'],
    ['shell', 'url=$x//y', 'url=$x//y'],
    ['go', 'x := `raw " text`', 'x := ` `'],
    ['rust', "fn f<'a>(x: &'a str) { g('\"') }", "fn f<'a>(x: &'a str) { g('\""],
    ['sql', "select 'a--b' -- c", "select ' '"],
    ['html', '<a href="x"> <!-- y -->', '<a href="x">'],
    ['plain', 'it\'s "all" # text // here', 'it\'s "all" # text // here'],
  ])('%s: %s', (language, line, code) => {
    expect(codeOf(language, line)).toEqual([code]);
  });

  it('carries comments and long strings over lines', () => {
    expect(codeOf('javascript', 'a /* b', 'c', 'd */ e')).toEqual(['a', '', 'e']);
    expect(codeOf('javascript', 'x = `a', 'b ${c}', 'd` + e')).toEqual(['x = `', '${c}', '` + e']);
    expect(codeOf('python', 'x = """a', "it's b", 'c""" + d')).toEqual(['x = """', '', '""" + d']);
  });

  it('knows the body of a comment whose start is above the hunk', () => {
    expect(codeOf('javascript', ' * eval(x) is bad', ' */', 'f();')).toEqual(['', '', 'f();']);
  });

  it('ends a simple string with its line', () => {
    expect(codeOf('javascript', "it's open", 'f();')).toEqual(["it'", 'f();']);
  });
});

it('keeps every character in exactly one of code, string and comment, at its place', () => {
  const languages = fc.constantFrom<Language>('javascript', 'python', 'php', 'shell', 'sql', 'html', 'go', 'plain');
  const piece = fc.constantFrom('"', "'", '`', '${', '}', '{', '//', '/*', '*/', '#', '--', '<!--', '-->', '"""', '\\', '/', 'a', ' ', '[', ']');
  const line = fc.array(piece, { maxLength: 30 }).map((pieces) => pieces.join(''));
  fc.assert(
    fc.property(languages, fc.array(line, { maxLength: 6 }), (language, lines) => {
      const splitter = new LineSplitter(language);
      for (const text of lines) {
        const split = splitter.split(text);
        expect([split.code.length, split.text.length, split.comment.length]).toEqual([text.length, text.length, text.length]);
        for (let at = 0; at < text.length; at += 1) {
          expect([' ', text[at]]).toContain(split.code[at]);
          expect(text[at]).toBe(split.comment[at] === ' ' ? (split.text[at] ?? '') : split.comment[at]);
        }
      }
    }),
    { numRuns: 1_000 },
  );
});
