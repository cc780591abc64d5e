import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { PASSAGE_CHARS, PASSAGE_LINES } from './passage.js';
import { linesOf, splitPassages } from './split-passages.js';

describe('passages of a document', () => {
  const text = ['# Guide', '', '## Start', 'Install it.', '', '```sh', '# no heading', '```', '## Stop', 'Press a key.', ''].join('\n');

  it('are its sections, named by the headings above', () => {
    expect(splitPassages('guide.md', text).map(({ startLine, endLine, title }) => [startLine, endLine, title])).toEqual([
      [1, 8, 'Guide > Start'],
      [9, 10, 'Guide > Stop'],
    ]);
  });
});

describe('passages of code', () => {
  it('begin at declarations, and are named by them', () => {
    const body = Array.from({ length: 9 }, (_, at) => `  step(${String(at)});`);
    const text = ['export function first() {', ...body, '}', '', 'class Second {', ...body, '}'].join('\n');
    expect(splitPassages('a.ts', text).map(({ startLine, endLine, title }) => [startLine, endLine, title])).toEqual([
      [1, 11, 'first'],
      [13, 23, 'Second'],
    ]);
  });
});

describe('passages of anything', () => {
  const line = fc.oneof(fc.constantFrom('', '  ', '# A', '## B', 'const x = 1;', '}', '```', 'text '.repeat(200), '  inner'), fc.string({ maxLength: 60 }).filter((text) => !/[\n\r]/.test(text)));

  it('hold every line that is not empty once, in order, with its number, and are short', () => {
    fc.assert(
      fc.property(fc.array(line, { maxLength: 200 }), fc.constantFrom('a.md', 'a.ts', 'a'), fc.constantFrom('\n', '\r\n'), (lines, path, end) => {
        const text = lines.join(end);
        let next = 1;
        const seen: string[] = [];
        for (const { startLine, endLine, text: inside } of splitPassages(path, text)) {
          expect(startLine).toBeGreaterThanOrEqual(next);
          expect(endLine - startLine + 1).toBeLessThanOrEqual(PASSAGE_LINES);
          expect(inside.length <= PASSAGE_CHARS || startLine === endLine).toBe(true);
          expect(linesOf(text).slice(startLine - 1, endLine).join('\n')).toBe(inside);
          seen.push(...inside.split('\n'));
          next = endLine + 1;
        }
        const full = (all: readonly string[]): readonly string[] => all.filter((text) => text.trim() !== '');
        expect(full(seen)).toEqual(full(linesOf(text)));
      }),
    );
  });
});
