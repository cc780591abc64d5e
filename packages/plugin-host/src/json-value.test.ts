import { type JsonValue, LIMITS } from '@kb-labs/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { cloneJson, copyJson } from './json-value.js';

describe('a copy of a value', () => {
  it('is what its JSON text would be read as, and knows how long that is', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value);
        expect(copyJson(value, LIMITS.outputBytes)).toEqual({ kind: 'copied', value: JSON.parse(text), bytes: Buffer.byteLength(text) });
      }),
    );
  });

  it('shares nothing that can be changed, and calls nothing a second time', () => {
    let asked = 0;
    const value = { list: [{ a: 1 }], get later() { return (asked += 1); } };
    const copy = copyJson(value, LIMITS.outputBytes);
    value.list.push({ a: 2 });
    expect(copy).toMatchObject({ value: { list: [{ a: 1 }], later: 1 } });
    expect(asked).toBe(1);
  });

  it('may be as large as it may be, and not a byte larger', () => {
    const value = { a: ['é', 1, true, null, -0], 'b"': {} };
    const bytes = Buffer.byteLength(JSON.stringify(value));
    expect(copyJson(value, bytes)).toMatchObject({ kind: 'copied', bytes });
    for (let less = 0; less < bytes; less += 1) expect(copyJson(value, less)).toMatchObject({ kind: 'too-large' });
  });

  it('is not made to the end of a value that stands for any number of bytes', () => {
    let texts: unknown[] = ['x'.repeat(1_000)];
    let hollow: unknown[] = [];
    for (let at = 0; at < 60; at += 1) {
      texts = [texts, texts];
      hollow = [hollow, hollow];
    }
    expect(copyJson(texts, LIMITS.rawOutputBytes)).toMatchObject({ kind: 'too-large' });
    expect(copyJson(hollow, LIMITS.rawOutputBytes)).toEqual({ kind: 'refused', problem: `it holds more than ${String(LIMITS.outputValues)} values` });
    expect(copyJson(new Array(4_000_000_000), LIMITS.rawOutputBytes)).toMatchObject({ kind: 'refused', problem: '0 is undefined, which JSON cannot hold' });
  });

  it('has as many values as a step may have, and no more', () => {
    expect(copyJson(Array.from({ length: LIMITS.outputValues - 1 }, () => 0), LIMITS.rawOutputBytes)).toMatchObject({ kind: 'copied' });
    expect(copyJson(Array.from({ length: LIMITS.outputValues }, () => 0), LIMITS.rawOutputBytes)).toMatchObject({ kind: 'refused' });
  });
});

describe('a clone of a value', () => {
  it('is the same, `__proto__` as well, and shares nothing that can be changed', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (given) => {
        const value = { given, ...(JSON.parse('{"__proto__":{"a":[1]}}') as object) } as Record<string, JsonValue>;
        const clone = cloneJson(value);
        expect(JSON.stringify(clone)).toBe(JSON.stringify(value));
        expect(Object.getPrototypeOf(clone)).toBe(Object.prototype);
        expect(sharedIn(value, clone)).toBe(false);
      }),
    );
  });
});

function sharedIn(one: unknown, other: unknown): boolean {
  if (typeof one !== 'object' || one === null) return false;
  return one === other || Object.keys(one).some((name) => sharedIn(member(one, name), member(other, name)));
}

function member(of: unknown, name: string): unknown {
  return Object.getOwnPropertyDescriptor(of, name)?.value;
}
