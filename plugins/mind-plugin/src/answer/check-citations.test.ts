import { describe, expect, it } from 'vitest';

import { checkCitations } from './check-citations.js';

const sources = [
  { file: 'docs/a.md', startLine: 10, endLine: 20, score: 1, text: '' },
  { file: 'src/b[1].ts', startLine: 1, endLine: 1, score: 1, text: '' },
];

describe('citations of a model', () => {
  it.each([
    ['It waits [S1].', 'It waits [docs/a.md:10-20].', 1, 0],
    ['It waits [S1, S2].', 'It waits [docs/a.md:10-20] ["src/b\\u005b1\\u005d.ts":1].', 2, 0],
    ['It waits [s1; S9].', 'It waits [docs/a.md:10-20].', 1, 1],
    ['It waits [S3].', 'It waits.', 0, 1],
    ['It waits [S0].', 'It waits.', 0, 1],
    ['It waits [docs/a.md:12].', 'It waits [docs/a.md:12].', 1, 0],
    ['It waits [docs/a.md:12-14].', 'It waits [docs/a.md:12-14].', 1, 0],
    ['It waits [docs/a.md:9-14].', 'It waits.', 0, 1],
    ['It waits [docs/other.md:12].', 'It waits.', 0, 1],
    ['Use `list[0]` and [a link](https://example.org/x:1).', 'Use `list[0]` and [a link](https://example.org/x:1).', 0, 0],
  ])('%s', (text, expected, valid, removed) => {
    expect(checkCitations(text, sources)).toEqual({ text: expected, valid, removed });
  });

  it('are checked in time that grows with the text', () => {
    expect(checkCitations(`[a:1${', a:1'.repeat(20_000)} [${'S1,'.repeat(50_000)}`, sources).valid).toBeGreaterThanOrEqual(0);
  });
});
