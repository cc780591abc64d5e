import { isJsonObject, type JsonObject, type JsonValue, LIMITS } from '@kb-labs/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { countCombinations, CountBudget } from './count-combinations.js';

function count(matrix: JsonObject): number | undefined {
  return countCombinations(matrix, new CountBudget());
}

describe('countCombinations', () => {
  it('counts the product of the axes', () => {
    expect(count({ a: [1, 2, 3], b: [1, 2] })).toBe(6);
    expect(count({ a: [1, 1] })).toBe(2);
    expect(count({})).toBe(0);
  });

  it('leaves out what "exclude" covers, whatever the order of keys in its values', () => {
    expect(count({ a: [1, 2], b: [{ x: 1, y: 2 }, 3], exclude: [{ b: { y: 2, x: 1 } }] })).toBe(2);
    expect(count({ a: [1, '1'], exclude: [{ a: '1' }] })).toBe(1);
    expect(count({ a: [1], exclude: [{ a: 1 }] })).toBe(0);
  });

  it('adds one for each entry of "include" that fits no combination', () => {
    expect(count({ a: [1, 2], include: [{ a: 1, more: true }, { more: true }] })).toBe(2);
    expect(count({ a: [1, 2], include: [{ a: 3 }, { a: 3 }, { a: 4, b: 1 }] })).toBe(5);
    expect(count({ include: [{ a: 1 }, { a: 2 }] })).toBe(2);
    expect(count({ a: [1], exclude: [{ a: 1 }], include: [{ a: 1 }, { x: 1 }] })).toBe(2);
  });

  it('does not know what an expression gives', () => {
    expect(count({ a: '${{ inputs.list }}', b: [1] })).toBeUndefined();
    expect(count({ a: [1, '${{ inputs.x }}'] })).toBeUndefined();
    expect(count({ a: [1], include: '${{ inputs.list }}' })).toBeUndefined();
    expect(count({ a: [1], exclude: [{ a: '${{ inputs.x }}' }] })).toBeUndefined();
  });

  it('does not build what is too much anyway, and gives up on what would cost too much', () => {
    const tens = Array.from({ length: 10 }, (_, index) => index);
    const axes = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`a${String(index)}`, tens]));
    expect(count({ ...axes, exclude: [{ a0: 1 }] })).toBeGreaterThan(1e29);
    const budget = new CountBudget();
    const counted = Array.from({ length: 100 }, () => countCombinations({ a: tens, b: tens, c: tens, d: tens, exclude: [{ a: 1 }] }, budget));
    expect(counted[0]).toBe(9_000);
    expect(counted.at(-1)).toBeUndefined();
  });

  it('agrees with building every combination', () => {
    const value = fc.constantFrom<JsonValue>(0, 1, '1', { x: 1, y: [2] }, { y: [2], x: 1 });
    const entry = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'extra'), value, { minKeys: 1 });
    const exclude = fc.dictionary(fc.constantFrom('a', 'b', 'c'), value, { minKeys: 1 });
    const axis = fc.array(value, { minLength: 1, maxLength: 3 });
    const matrix = fc.record({ a: axis, b: axis, c: axis, include: fc.array(entry, { maxLength: 4 }), exclude: fc.array(exclude, { maxLength: 3 }) });
    fc.assert(
      fc.property(matrix, (one) => {
        expect(count(one)).toBe(combinationsOf(one).length);
      }),
      { numRuns: 500 },
    );
  });

  it('is compared with something that can differ', () => {
    expect(combinationsOf({ a: [1, 2], b: [1], c: [1], include: [{ a: 3 }], exclude: [{ a: 1 }] })).toEqual([{ a: 2, b: 1, c: 1 }, { a: 3 }]);
    expect(LIMITS.matrixCombinations).toBeLessThan(LIMITS.jobsAfterMatrix);
  });
});

/** GitHub's rules, carried out one by one. */
function combinationsOf(matrix: { a: JsonValue[]; b: JsonValue[]; c: JsonValue[]; include: JsonObject[]; exclude: JsonObject[] }): JsonObject[] {
  const all = matrix.a.flatMap((a) => matrix.b.flatMap((b) => matrix.c.map((c): JsonObject => ({ a, b, c }))));
  const originals = all.filter((one) => !matrix.exclude.some((entry) => Object.entries(entry).every(([key, value]) => same(one[key], value))));
  const added = matrix.include.filter((entry) => !originals.some((one) => Object.entries(entry).every(([key, value]) => one[key] === undefined || same(one[key], value))));
  return [...originals, ...added];
}

function same(one: JsonValue | undefined, other: JsonValue | undefined): boolean {
  if (Array.isArray(one) && Array.isArray(other)) return one.length === other.length && one.every((item, index) => same(item, other[index]));
  if (one === undefined || other === undefined || !isJsonObject(one) || !isJsonObject(other)) return one === other;
  const keys = Object.keys(one);
  return keys.length === Object.keys(other).length && keys.every((key) => same(one[key], other[key]));
}
