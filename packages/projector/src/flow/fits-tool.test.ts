import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { fitsTool } from './fits-tool.js';

describe('a pattern of tools', () => {
  it.each<[string, string, boolean]>([
    ['*', '@acme/ship/release:push', true],
    ['*', 'shell', true],
    ['shell', 'shell', true],
    ['shell', 'shells', false],
    ['@acme/ship/release:push', '@acme/ship/release:push', true],
    ['@acme/ship/release:*', '@acme/ship/release:push', true],
    ['@acme/*/*:push', '@acme/ship/release:push', true],
    ['@acme/*:push', '@acme/ship/release:push', false],
    ['@acme/ship/*:*', '@acme/shipping/release:push', false],
    ['@*/*/*:*', 'ship/release:push', false],
    ['*/*:*', 'ship/release:push', true],
    ['*/*:*', '@acme/ship/release:push', false],
  ])('%s: %s is meant: %s', (pattern, tool, fits) => {
    expect(fitsTool(pattern, tool)).toBe(fits);
  });

  it('means what the same pattern as a regular expression means', () => {
    // Short, because the expression goes back and forth for every star.
    const text = (alphabet: string[]) => fc.array(fc.constantFrom(...alphabet), { maxLength: 8 }).map((chars) => chars.join(''));
    fc.assert(
      fc.property(text(['a', 'b', '/', '*', '*']), text(['a', 'b', '/']), (pattern, tool) => {
        fc.pre(pattern !== '*');
        const expression = new RegExp(`^${pattern.split('*').join('[^/]*')}$`);
        expect(fitsTool(pattern, tool)).toBe(expression.test(tool));
      }),
      { numRuns: 2_000 },
    );
  });

  it('takes no longer for many stars than their number times the text', () => {
    expect(fitsTool(`${'*a'.repeat(200)}b`, 'a'.repeat(5_000))).toBe(false);
  });
});
