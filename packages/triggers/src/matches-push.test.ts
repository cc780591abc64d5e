import { readFileSync } from 'node:fs';

import type { PushFilter } from '@kb-labs/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { accepts, toAutomaton } from './automaton.js';
import { matchesPush, type Push } from './matches-push.js';
import { patternProblem } from './pattern-problem.js';
import { readPattern } from './push-pattern.js';

const PATTERNS = readJson<readonly (readonly [string, string, boolean])[]>('push-patterns.json');
const FILTERS = readJson<readonly { why: string; filter: PushFilter; push: Push; matches: boolean }[]>('push-filters.json');

describe('a pattern', () => {
  it('has more than a hundred golden cases, and filters forty', () => {
    expect(PATTERNS.length).toBeGreaterThan(100);
    expect(FILTERS.length).toBeGreaterThan(40);
  });

  it.each(PATTERNS)('%j on %j: %s', (pattern, name, expected) => {
    expect(fits(pattern, name)).toBe(expected);
  });

  it('says the same as going through all ways to read it', () => {
    const piece = fc.constantFrom('*', '**', '**/', '/', 'a', 'b', 'a?', 'b+', '[ab]', '[ab]+', '[a]?', '\\*', 'ab', '/**/');
    const pattern = fc.array(piece, { minLength: 1, maxLength: 9 }).map((pieces) => pieces.join(''));
    const name = fc.string({ unit: fc.constantFrom('a', 'b', '/', '*', 'c'), maxLength: 12 });
    fc.assert(
      fc.property(pattern, name, (text, tried) => {
        expect(fits(text, tried), `${text} on ${tried}`).toBe(slowly(text, tried));
      }),
      { numRuns: 6_000 },
    );
  });

  it('says the same when it is longer than a machine word', () => {
    const pad = 'x'.repeat(27);
    const piece = fc.constantFrom('*', '**/', '/', 'a', 'b?', 'a?', 'b+', '[ab]?', 'ab');
    const pattern = fc.array(piece, { minLength: 1, maxLength: 8 }).map((pieces) => pad + pieces.join(''));
    const name = fc.string({ unit: fc.constantFrom('a', 'b', '/'), maxLength: 8 }).map((end) => pad + end);
    fc.assert(
      fc.property(pattern, name, (text, tried) => {
        expect(fits(text, tried), `${text} on ${tried}`).toBe(slowly(text, tried));
      }),
      { numRuns: 3_000 },
    );
    const many = `${'a?'.repeat(100)}b`;
    expect([0, 1, 29, 30, 31, 60, 99, 100, 101].map((count) => fits(many, `${'a'.repeat(count)}b`))).toEqual([true, true, true, true, true, true, true, true, false]);
  });

  it('costs steps in proportion to the name, for those that break backtracking', () => {
    const names = ['a'.repeat(4_096), `${'a/'.repeat(2_047)}ab`, `${'aaaaaaa/'.repeat(511)}a`];
    for (const pattern of ['*a'.repeat(127) + 'b', '**/'.repeat(85) + 'b', '**a*a'.repeat(51), 'a?'.repeat(127) + 'b', 'a+'.repeat(128), '[ab]?*'.repeat(42), '**/a*'.repeat(51)]) {
      const read = readPattern(pattern);
      if (!read.ok) throw new Error(read.problem.problem);
      const automaton = toAutomaton(read.pattern.tokens);
      // What one character costs: at most the length of the pattern in words of 30 bits.
      expect(automaton.words).toBeLessThanOrEqual(9);
      for (const name of names) expect(typeof accepts(automaton, name)).toBe('boolean');
    }
  });
});

describe('a filter', () => {
  it.each(FILTERS)('$why', ({ filter, push, matches }) => {
    const found = matchesPush(filter, push);
    expect(found.matches).toBe(matches);
    expect(found.reason).not.toBe('');
  });

  it('says what decided', () => {
    const push = { ref: 'refs/heads/dev', branch: 'dev', paths: ['a.md'] };
    expect(matchesPush({ branches: ['main'] }, push).reason).toBe('branch dev is not in "branches"');
    expect(matchesPush({ branches: ['dev'], 'paths-ignore': ['*.md'] }, push).reason).toBe('all files are in "paths-ignore"');
    expect(matchesPush({ paths: ['*.md'] }, push).reason).toBe('every branch is listened to; a.md is in "paths"');
    expect(matchesPush({ tags: ['v*'] }, push).reason).toBe('only "tags" are listened to, and dev is a branch');
  });

  it('is not read leniently', () => {
    expect(() => matchesPush({ branches: ['['] }, { ref: 'refs/heads/a', branch: 'a' })).toThrow('never closed');
  });
});

describe('a pattern that is refused', () => {
  it.each([
    ['!', 'ref', 0],
    ['?a', 'ref', 0],
    ['a*?', 'ref', 2],
    ['a??', 'ref', 2],
    ['!+', 'ref', 1],
    ['a[b', 'ref', 1],
    ['a[]b', 'ref', 1],
    ['[z-a]', 'ref', 0],
    ['[a-Z]', 'ref', 0],
    ['[!a]', 'ref', 0],
    ['[^a]', 'ref', 0],
    ['[a/b]', 'path', 0],
    ['a\\', 'ref', 1],
    ['a\\b', 'ref', 1],
    ['refs/heads/main', 'ref', 0],
    ['!refs/tags/v1', 'ref', 1],
    ['my branch', 'ref', 2],
    ['a..b', 'ref', 1],
    ['/a', 'ref', 0],
    ['a/', 'ref', 1],
    ['/src/**', 'path', 0],
    ['./src/**', 'path', 0],
    ['../src', 'path', 0],
    ['a/../b', 'path', 2],
    ['a//b', 'path', 2],
  ] as const)('%j as a %s, at %j', (pattern, kind, offset) => {
    expect(patternProblem(pattern, kind)?.offset).toBe(offset);
  });

  it('is none of those of the golden table', () => {
    const refused = PATTERNS.filter(([pattern]) => patternProblem(pattern, 'path') !== undefined && patternProblem(pattern, 'ref') !== undefined);
    expect(refused).toEqual([]);
  });
});

function fits(text: string, name: string): boolean {
  const read = readPattern(text);
  if (!read.ok) throw new Error(`${text}: ${read.problem.problem}`);
  return accepts(toAutomaton(read.pattern.tokens), name);
}

/** The same language by a regular expression: short, and slow where it hurts. */
function slowly(text: string, name: string): boolean {
  const source = text.replace(/(?<=^|\/)(?:\*{2,}\/)+|\*{2,}|\*|\\.|[.^$(){}|]/g, (part) => {
    if (part.startsWith('**')) return part.endsWith('/') ? '(?:[^]*/)?' : '[^]*';
    return part === '*' ? '[^/]*' : part.startsWith('\\') ? part : `\\${part}`;
  });
  return new RegExp(`^(?:${source})$`, 'u').test(name);
}

function readJson<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../../../tooling/fixtures/triggers/${name}`, import.meta.url), 'utf8')) as T;
}
