import { describe, expect, it } from 'vitest';

import { pathMatcher } from './match-path.js';

describe('globs of paths', () => {
  it.each([
    ['docs', 'docs/a/b.md', true],
    ['docs/', 'docs/a.md', true],
    ['docs', 'docs2/a.md', false],
    ['docs/*.md', 'docs/a.md', true],
    ['docs/*.md', 'docs/a/b.md', false],
    ['**/*.ts', 'a.ts', true],
    ['**/*.ts', 'a/b/c.ts', true],
    ['src/**/test/*.ts', 'src/test/a.ts', true],
    ['src/**/test/*.ts', 'src/x/y/test/a.ts', true],
    ['src/**/test/*.ts', 'src/x/y/a.ts', false],
    ['**', '.hidden', true],
    ['a?c/[x-z]*', 'abc/yes', true],
    ['a?c/[!x-z]*', 'abc/yes', false],
    ['[', '[', true],
    ['a.b', 'axb', false],
    ['**/a/**/a/**/b', 'a/x/a/y/c', false],
    ['a*b*c', 'a-b-b-c', true],
  ])('%s and %s', (glob, path, fits) => {
    expect(pathMatcher([glob])(path)).toBe(fits);
  });

  it('take no time to be refused, however they are made', () => {
    expect(pathMatcher([`${'*a'.repeat(300)}b`, `${'**/a/'.repeat(150)}b`])(`${'a'.repeat(200)}/${'a/'.repeat(150)}c`)).toBe(false);
  });
});
