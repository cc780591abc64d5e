import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { compileGlob, matchesGlob } from './glob.js';

const matches = (pattern: string, path: string): boolean => matchesGlob(compileGlob(pattern), path);

describe('a path pattern', () => {
  it.each([
    ['a.txt', 'a.txt', true],
    ['a.txt', 'b.txt', false],
    ['*.txt', 'a.txt', true],
    ['*.txt', '.txt', true],
    ['*.txt', 'd/a.txt', false],
    ['*', 'a', true],
    ['*', '.hidden', true],
    ['*', 'a/b', false],
    ['**', 'a/b/c', true],
    ['**/*.ts', 'a.ts', true],
    ['**/*.ts', 'a/b/c.ts', true],
    ['src/**', 'src/a/b', true],
    ['src/**', 'src', false],
    ['src/**', 'srcs/a', false],
    ['src/**/x/*.js', 'src/x/a.js', true],
    ['src/**/x/*.js', 'src/x/y/x/a.js', true],
    ['src/**/x/*.js', 'src/x/y/a.js', false],
    ['a**b', 'axxb', true],
    ['a**b', 'a/b', false],
    ['?.md', 'a.md', true],
    ['?.md', '🙂.md', true],
    ['?.md', 'ab.md', false],
    ['[a-c]x', 'bx', true],
    ['[a-c]x', 'dx', false],
    ['[!a-c]x', 'dx', true],
    ['[^a-c]x', 'ax', false],
    ['[]a]', ']', true],
    ['[a-]', '-', true],
    ['[a', '[a', true],
    ['\\*', '*', true],
    ['\\*', 'a', false],
    ['./a/./b', 'a/b', true],
    ['a//b', 'a/b', true],
    ['a/', 'a', true],
    ['', '', false],
    ['', 'a', false],
    ['/etc/**', 'etc/passwd', false],
    ['../**', '../a', false],
    ['a/../**', 'a/b', false],
    ['A', 'a', false],
    ['$(x)', '$(x)', true],
    ['{a,b}', 'a', false],
  ])('%j on %j: %s', (pattern, path, expected) => {
    expect(matches(pattern, path)).toBe(expected);
  });

  it('agrees with a regular expression made from it', () => {
    const segment = fc.oneof(fc.constant('**'), fc.string({ unit: fc.constantFrom('a', 'b', '*', '?'), minLength: 1, maxLength: 5 }));
    const pattern = fc.array(segment, { minLength: 1, maxLength: 4 });
    const path = fc.array(fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(pattern, path, (segments, names) => {
        expect(matches(segments.join('/'), names.join('/'))).toBe(toRegExp(segments).test(`${names.join('/')}/`));
      }),
      { numRuns: 3_000 },
    );
  });

  it('needs work in proportion to the path, for the patterns that break backtracking', () => {
    for (const pattern of ['*a'.repeat(127) + 'b', '**/'.repeat(85) + 'b', '**/*a*a'.repeat(36) + 'b', '?*'.repeat(127) + 'b', '[ab]*'.repeat(51)]) {
      const glob = compileGlob(pattern);
      const paths = ['a'.repeat(4_095), 'a/'.repeat(2_047) + 'a', 'aaaaaaa/'.repeat(511) + 'a'];
      const before = performance.now();
      for (const path of paths) matchesGlob(glob, path);
      // A backtracking matcher would not end in the life of this test: nothing here is a matter of milliseconds.
      expect(performance.now() - before).toBeLessThan(2_000);
    }
  });
});

/** Every segment is followed by "/", so that `**` can stand for none. */
function toRegExp(segments: readonly string[]): RegExp {
  const parts = segments.map((segment, index) => {
    if (segment === '**') return index === segments.length - 1 ? '(?:[^/]+/)+' : '(?:[^/]+/)*';
    return `${segment.replace(/[*?]/g, (wild) => (wild === '?' ? '[^/]' : '[^/]*'))}/`;
  });
  return new RegExp(`^${parts.join('')}$`);
}
