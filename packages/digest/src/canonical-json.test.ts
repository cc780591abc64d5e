import { readFileSync } from 'node:fs';

import type { JsonValue } from '@kb-labs/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { canonicalJson } from './index.js';

interface Vectors {
  readonly numbers: readonly [bits: string, text: string | null][];
  readonly texts: readonly { name: string; input: string; output?: string; hex?: string }[];
}

const vectors = JSON.parse(
  readFileSync(new URL('../../../tooling/fixtures/digest/rfc8785.json', import.meta.url), 'utf8'),
) as Vectors;

describe('the published vectors of RFC 8785', () => {
  it.each(vectors.numbers)('the number %s is %s', (bits, text) => {
    const number = Buffer.from(bits, 'hex').readDoubleBE();
    if (text === null) expect(() => canonicalJson(number)).toThrow(TypeError);
    else expect(canonicalJson(number)).toBe(text);
  });

  it.each(vectors.texts)('$name', ({ input, output, hex }) => {
    const text = canonicalJson(JSON.parse(input) as JsonValue);
    expect(Buffer.from(text).toString('hex')).toBe(hex ?? Buffer.from(output ?? '').toString('hex'));
  });
});

describe('the canonical form', () => {
  it('does not depend on the order of keys or on white space', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), fc.integer({ min: 0, max: 8 }), (value, indent) => {
        const rewritten = JSON.parse(JSON.stringify(reversed(value as JsonValue), null, indent)) as JsonValue;
        expect(canonicalJson(rewritten)).toBe(canonicalJson(JSON.parse(JSON.stringify(value)) as JsonValue));
      }),
    );
  });

  it('reads back as the same value', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        const plain = JSON.parse(JSON.stringify(value)) as JsonValue;
        expect(JSON.parse(canonicalJson(plain))).toEqual(plain);
      }),
    );
  });

  it('keeps keys that objects inherit', () => {
    expect(canonicalJson(JSON.parse('{"b":1,"__proto__":{"toJSON":1},"constructor":2}') as JsonValue)).toBe(
      '{"__proto__":{"toJSON":1},"b":1,"constructor":2}',
    );
  });

  it('takes depth that would overflow a stack', () => {
    const text = '['.repeat(100_000) + ']'.repeat(100_000);
    expect(canonicalJson(JSON.parse(text) as JsonValue)).toBe(text);
  });

  it('takes an object that stands at two places', () => {
    const shared = { a: 1 };
    expect(canonicalJson([shared, { shared }])).toBe('[{"a":1},{"shared":{"a":1}}]');
  });
});

describe('what JSON cannot hold is refused with its path', () => {
  const cycle: unknown[] = [1];
  cycle.push({ inside: cycle });

  it.each<[string, unknown, string]>([
    ['undefined', undefined, '$ is undefined'],
    ['undefined in an object', { jobs: [{ name: undefined }] }, '$.jobs[0].name is undefined'],
    ['undefined in an array', [1, undefined], '$[1] is undefined'],
    ['a hole in an array', [1, , 3], '$[1] is a hole in an array'],
    ['NaN', { a: Number.NaN }, '$.a is NaN'],
    ['an infinity', [-Infinity], '$[0] is -Infinity'],
    ['a lone surrogate', { a: ['x\ud800'] }, '$.a[0] holds a lone surrogate'],
    ['a lone surrogate in a key', { '\udc00x': 1 }, '$["\\udc00x"] has a lone surrogate in its key'],
    ['a bigint', { 'a b': 1n }, '$["a b"] is a bigint'],
    ['a function', { toJSON: () => 1 }, '$.toJSON is a function'],
    ['a symbol', [Symbol('x')], '$[0] is a symbol'],
    ['a key that is a symbol', { [Symbol('x')]: 1 }, '$ has a symbol as a key'],
    ['a date', { at: new Date(0) }, '$.at is not a plain object'],
    ['a map', new Map(), '$ is not a plain object'],
    ['a cycle', cycle, '$[1].inside contains itself'],
  ])('%s', (_, value, message) => {
    expect(() => canonicalJson(value as JsonValue)).toThrow(new TypeError(message));
  });

  it('and the first of several is named', () => {
    expect(() => canonicalJson({ b: [1, Number.NaN], c: undefined } as unknown as JsonValue)).toThrow('$.b[1] is NaN');
  });
});

function reversed(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(reversed);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).reverse().map(([key, item]) => [key, reversed(item)]));
}
