import { LIMITS, type JsonValue } from '@kb-labs/contracts';
import { describe, expect, it } from 'vitest';

import { evaluate, evaluateDeep, evaluateTemplate, parseExpression } from './index.js';
import { Evaluation } from './evaluation.js';
import { Work } from './work.js';

describe('an expression is accepted up to its limit and refused above', () => {
  const around = (limit: number): number[] => [limit - 1, limit, limit + 1];

  it.each(around(LIMITS.expressionLength))('length %i', (length) => {
    const result = parseExpression(`'${'x'.repeat(length - 2)}'`);
    if (length <= LIMITS.expressionLength) expect(result.ok).toBe(true);
    else expect(result).toMatchObject({ problem: { code: 'EXPRESSION_TOO_LARGE', offset: 0 } });
  });

  it.each(around(LIMITS.expressionNodes))('%i operators, names and literals', (nodes) => {
    // A chain of n operands has 2n - 1 parts; a `!` adds one.
    const operands = Math.ceil(nodes / 2);
    const source = `${2 * operands - 1 < nodes ? '!' : ''}${'a||'.repeat(operands - 1)}1`;
    const result = parseExpression(source);
    if (nodes <= LIMITS.expressionNodes) expect(result.ok).toBe(true);
    else expect(result).toMatchObject({ problem: { code: 'EXPRESSION_TOO_LARGE', offset: source.length - 1 } });
  });

  it.each(around(LIMITS.expressionNodes))('a path of %i parts', (nodes) => {
    expect(parseExpression(`a${'.b'.repeat(nodes - 1)}`).ok).toBe(nodes <= LIMITS.expressionNodes);
  });

  const nestings: [string, (depth: number) => string][] = [
    ['parentheses', (depth) => `${'('.repeat(depth)}1${')'.repeat(depth)}`],
    ['negations', (depth) => `${'!'.repeat(depth)}1`],
    ['calls', (depth) => `${'join('.repeat(depth)}1${')'.repeat(depth)}`],
    ['indexes', (depth) => `${'a['.repeat(depth)}1${']'.repeat(depth)}`],
    ['all of them', (depth) => `${['(', '!', 'join(', 'a['].map((open) => open.repeat(depth / 4)).join('')}${'!'.repeat(depth % 4)}1${[']', ')', ')'].map((close) => close.repeat(depth / 4)).join('')}`],
  ];

  describe.each(nestings)('nested %s', (_, nest) => {
    it.each(around(LIMITS.expressionDepth))('%i levels', (depth) => {
      const result = parseExpression(nest(depth));
      if (depth > LIMITS.expressionDepth) {
        expect(result).toMatchObject({ problem: { code: 'EXPRESSION_TOO_LARGE' } });
        return;
      }
      if (!result.ok) throw new Error(result.problem.message);
      evaluate(result.expression, { contexts: {} });
    });
  });

  it.each(['(', '!', '[', 'a[', 'toJSON(', '((', '!(', '-', '.', 'a.', 'a||', "'a' ", '${{', ' '])('64 KiB of %s does not overflow', (piece) => {
    const source = piece.repeat(Math.floor(LIMITS.expressionLength / piece.length));
    expect(parseExpression(source)).toMatchObject({ ok: false });
  });
});

describe('a value is made up to its limit and refused above', () => {
  const BYTES = LIMITS.valueBytes;
  const contexts = { inputs: { a: 'x'.repeat(BYTES - 1), wide: 'ü'.repeat(BYTES / 2), list: ['x'.repeat(BYTES - 3), ''] } };

  it.each([
    ["format('{0}{1}', inputs.a, '')", BYTES - 1],
    ["format('{0}{1}', inputs.a, 'y')", BYTES],
    ["format('{0}{1}', inputs.a, 'yy')", undefined],
    ["format('{0}{1}', inputs.wide, '')", BYTES / 2],
    ["format('{0}{1}', inputs.wide, 'y')", undefined],
    ["join(inputs.list, '12')", BYTES - 1],
    ["join(inputs.list, '123')", BYTES],
    ["join(inputs.list, '1234')", undefined],
    ["toJSON(format('{0}', inputs.list[0]))", BYTES - 1],
    ['toJSON(inputs.a)', undefined],
    ["format('{0}{0}{0}{0}{0}{0}{0}{0}', format('{0}{0}{0}{0}', inputs.a))", undefined],
  ])('%s', (source, length) => {
    expect(lengthOf(() => evaluateTemplate(`\${{ ${source} }}`, { contexts }))).toBe(length ?? 'EXPRESSION_FAILED');
  });

  it('inside text', () => {
    expect(lengthOf(() => evaluateTemplate('${{ inputs.a }}y', { contexts }))).toBe(BYTES);
    expect(lengthOf(() => evaluateTemplate('${{ inputs.a }}yy', { contexts }))).toBe('EXPRESSION_FAILED');
  });

  it.each([LIMITS.valueDepth - 1, LIMITS.valueDepth, LIMITS.valueDepth + 1])('%i levels', (depth) => {
    const text = `${'['.repeat(depth)}${']'.repeat(depth)}`;
    const allowed = depth <= LIMITS.valueDepth;
    expect(fails(() => evaluateTemplate('${{ fromJSON(inputs.text) }}', { contexts: { inputs: { text } } }))).toBe(!allowed);
    const value = JSON.parse(text) as JsonValue;
    expect(fails(() => evaluateTemplate('${{ toJSON(inputs.value) }}', { contexts: { inputs: { value } } }))).toBe(!allowed);
    expect(fails(() => evaluateDeep(value, { contexts: {} }))).toBe(!allowed);
  });

  it('a million levels end in an error', () => {
    const text = '['.repeat(BYTES / 2) + ']'.repeat(BYTES / 2);
    expect(fails(() => evaluateTemplate('${{ fromJSON(inputs.text) }}', { contexts: { inputs: { text } } }))).toBe(true);
  });

  it('the work of an evaluation', () => {
    const parsed = parseExpression("contains(inputs.a, 'yy') || contains(inputs.list, inputs.a)");
    if (!parsed.ok) throw new Error(parsed.problem.message);
    const free = new Evaluation({ contexts });
    free.raw(parsed.expression);
    const needed = free.work.done;
    expect(needed).toBeGreaterThan(BYTES);
    const within = (limit: number): boolean => !fails(() => new Evaluation({ contexts }, new Work(limit)).raw(parsed.expression));
    expect([needed + 1, needed, needed - 1].map(within)).toEqual([true, true, false]);
  });

  it('the work of all templates of one value is counted together', () => {
    const one = '${{ contains(inputs.a, inputs.a) }}';
    const fitting = Math.floor(LIMITS.expressionWork / (10 * BYTES));
    expect(evaluateDeep(Array.from({ length: fitting }, () => one), { contexts })).toHaveLength(fitting);
    expect(fails(() => evaluateDeep(Array.from({ length: fitting + 2 }, () => one), { contexts }))).toBe(true);
  });
});

function lengthOf(act: () => JsonValue): number | string {
  let value: JsonValue = null;
  return fails(() => (value = act())) ? 'EXPRESSION_FAILED' : String(value).length;
}

function fails(act: () => unknown): boolean {
  try {
    act();
    return false;
  } catch (thrown) {
    expect(thrown).toMatchObject({ code: 'EXPRESSION_FAILED' });
    return true;
  }
}
