import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { JsonValue } from './json.js';
import { findReserved } from './reserved-key.js';
import { FLOW_KEY } from './session.js';

describe('the reserved key', () => {
  it.each<[JsonValue | undefined, string | undefined]>([
    [{ [FLOW_KEY]: null }, 'kheish_flow'],
    [{ a: [0, { b: { [FLOW_KEY]: {} } }] }, 'a[1].b.kheish_flow'],
    [[[{ [FLOW_KEY]: 1 }]], '[0][0].kheish_flow'],
    [FLOW_KEY, undefined],
    [{ a: FLOW_KEY, [`x_${FLOW_KEY}`]: [FLOW_KEY] }, undefined],
    [null, undefined],
    [undefined, undefined],
  ])('is found in %j at %s', (value, path) => {
    expect(findReserved(value)).toBe(path);
  });

  it('is found wherever it is put, and nowhere else', () => {
    const value = fc.jsonValue() as fc.Arbitrary<JsonValue>;
    const path = fc.array(fc.oneof(fc.nat(3), fc.string()), { maxLength: 8 });
    const inside = (parts: readonly (string | number)[], leaf: JsonValue): JsonValue => parts.reduceRight<JsonValue>((inner, part) => (typeof part === 'number' ? [...Array.from({ length: part }, () => null), inner] : { [part]: inner }), leaf);
    fc.assert(
      fc.property(value, path, (around, parts) => {
        expect(findReserved(inside(parts, { around, [FLOW_KEY]: around }))).toBeDefined();
        expect(findReserved(inside(parts, { around }))).toBeUndefined();
      }),
    );
  });

  it('is found however deep it is', () => {
    let value: JsonValue = { [FLOW_KEY]: 1 };
    for (let depth = 0; depth < 100_000; depth += 1) value = [value];
    expect(findReserved(value)).toMatch(/kheish_flow$/);
  });
});
