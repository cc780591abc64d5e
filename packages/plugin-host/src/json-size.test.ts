import type { JsonValue } from '@kb-labs/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { jsonSize } from './json-size.js';

describe('the size of a value', () => {
  it('is that of its JSON text', () => {
    const texts = fc.string({ unit: fc.oneof(fc.constantFrom('"', '\\', '\n', '\u0001', 'é', '€', '😀', '\ud800', '\udc00'), fc.string({ minLength: 1, maxLength: 1 })) });
    const { value } = fc.letrec<{ value: JsonValue }>((tie) => ({
      value: fc.oneof({ depthSize: 'small' }, texts, fc.double({ noNaN: true, noDefaultInfinity: true }), fc.boolean(), fc.constant(null), fc.array(tie('value')), fc.dictionary(texts, tie('value'))),
    }));
    fc.assert(
      fc.property(value, (given) => {
        expect(jsonSize(given).bytes).toBe(Buffer.byteLength(JSON.stringify(given)));
      }),
    );
  });

  it('is right for every unit of a text, alone and before half of a pair', () => {
    for (let unit = 0; unit <= 0xffff; unit += 1) {
      const text = String.fromCharCode(unit);
      const expected = Buffer.byteLength(JSON.stringify(text));
      if (jsonSize(text).bytes !== expected) expect.unreachable(`U+${unit.toString(16)}`);
      const pair = `${text}\udc00`;
      if (jsonSize(pair).bytes !== Buffer.byteLength(JSON.stringify(pair))) expect.unreachable(`U+${unit.toString(16)} before U+DC00`);
    }
  });

  it('counts every value once', () => {
    expect(jsonSize({ a: [1, 'x', null, {}], b: true })).toMatchObject({ values: 7 });
  });
});
