import type { JsonValue } from '@kb-labs/contracts';
import { describe, expect, it } from 'vitest';

import { Evaluation } from './evaluation.js';
import { includesText } from './find-text.js';
import { parseExpression, parseTemplate } from './index.js';
import { Work } from './work.js';

describe('the work of an evaluation at most doubles with the size of what it reads', () => {
  const big = (n: number): string => 'ab'.repeat(n);
  const shapes: [string, (n: number) => [source: string, inputs: JsonValue]][] = [
    ['operators', (n) => [`${'inputs.a == 1 || '.repeat(n / 4)}1`, { a: 2 }]],
    ['a path', (n) => [`inputs${'.a'.repeat(n)}`, { a: 1 }]],
    ['calls', (n) => [`${"contains('abc', 'd') || ".repeat(n / 4)}1`, {}]],
    ['a filter', (n) => ['inputs.*.x.*.*', Object.fromEntries(Array.from({ length: n }, (_, i) => [`k${i}`, { X: [[i]] }]))]],
    ['a name in another case', (n) => ['inputs.LAST', Object.fromEntries(Array.from({ length: n }, (_, i) => [`k${i}`, i]))]],
    ['the same name in another case often', (n) => [`${'inputs.LAST || '.repeat(n / 4)}1`, Object.fromEntries(Array.from({ length: n }, (_, i) => [`k${i}`, i]))]],
    ['text compared', (n) => ['inputs.a == inputs.b', { a: big(n), b: big(n).toUpperCase() }]],
    ['text in text', (n) => ['contains(inputs.a, inputs.b)', { a: big(2 * n), b: `c${big(n)}` }]],
    ['text in a list', (n) => ["contains(inputs.a, 'c')", { a: Array.from({ length: n }, () => 'ab') }]],
    ['format', (n) => [`format('${'{0}'.repeat(n)}', 'x')`, {}]],
    ['join', (n) => ['join(inputs.a)', { a: Array.from({ length: n }, () => 'ab') }]],
    ['JSON there and back', (n) => ['fromJSON(toJSON(inputs))', { a: Array.from({ length: n }, () => ({ k: 'ab' })) }]],
  ];

  it.each(shapes)('%s', (_, shape) => {
    const work = (n: number): number => {
      const [source, inputs] = shape(n);
      const parsed = parseExpression(source);
      if (!parsed.ok) throw new Error(parsed.problem.message);
      const evaluation = new Evaluation({ contexts: { inputs } });
      evaluation.raw(parsed.expression);
      return evaluation.work.done;
    };
    expect(work(2_000) / work(1_000)).toBeLessThanOrEqual(2.5);
    expect(work(2_000)).toBeGreaterThan(work(1_000) * 1.2);
  });
});

describe('text eight times as long takes about eight times as long, not sixty-four', () => {
  const texts: [string, (n: number) => () => unknown][] = [
    ['an expression of operators', (n) => parse("'some text' || ".repeat(n / 16) + '1')],
    ['an expression of quotes', (n) => parse(`'${"''".repeat(n / 2)}'`)],
    ['an expression of one name', (n) => parse('a'.repeat(n))],
    ['an expression of spaces', (n) => parse(`${' '.repeat(n)}1`)],
    ['an expression of digits', (n) => parse('9'.repeat(n))],
    ['a template of expressions', (n) => () => parseTemplate('${{a}} }} '.repeat(n / 10))],
    ['a template that never closes', (n) => () => parseTemplate("${{ '".repeat(n / 5))],
    ['contains with a part that nearly fits everywhere', (n) => () => includesText(`${'a'.repeat(n / 64)}c`.repeat(64), `${'a'.repeat(n / 128)}b${'a'.repeat(n / 128)}`, new Work())],
  ];

  // The least of several is what the machine can do when nothing else takes its time. They take turns: when it is slower for a while, it is so for both.
  const ratio = (large: () => unknown, small: () => unknown): number => {
    const least = [Infinity, Infinity];
    for (let round = 0; round < 12; round += 1) {
      for (const [index, act] of [large, small].entries()) {
        const start = performance.now();
        act();
        least[index] = Math.min(least[index] ?? Infinity, performance.now() - start);
      }
    }
    const [ofLarge = 0, ofSmall = 0] = least;
    return ofLarge / Math.max(ofSmall, 0.02);
  };

  it.each(texts)('%s', (_, text) => {
    expect(ratio(text(64_000), text(8_000))).toBeLessThan(24);
  });

  it('and a search that compares everything again would be found', () => {
    const naive = (n: number): (() => unknown) => {
      const items = Array.from({ length: n / 16 }, (_, i) => `${i}`);
      return () => items.filter((item, at) => items.indexOf(item) !== at);
    };
    expect(ratio(naive(64_000), naive(8_000))).toBeGreaterThan(24);
  });
});

function parse(source: string): () => unknown {
  return () => parseExpression(source);
}
