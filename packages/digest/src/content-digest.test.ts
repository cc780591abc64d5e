import { readFileSync } from 'node:fs';

import type { JsonObject, JsonValue } from '@kb-labs/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { bytesDigest, contentDigest } from './index.js';

interface Pinned {
  readonly digests: readonly { type: string; value: JsonValue; canonical: string; digest: string }[];
}

const pinned = JSON.parse(
  readFileSync(new URL('../../../tooling/fixtures/digest/rfc8785.json', import.meta.url), 'utf8'),
) as Pinned;

const MANIFEST: JsonObject = {
  id: 'release',
  version: 3,
  draft: false,
  owner: null,
  steps: [{ name: 'build', retries: 0 }, { name: 'ship', targets: ['a', 'b'] }, []],
  limits: { ratio: 0.5, empty: '' },
};

describe('the digest of a value', () => {
  it.each(pinned.digests)('is SHA-256 over $canonical', ({ type, value, canonical, digest }) => {
    expect(contentDigest(type, value)).toBe(digest);
    expect(bytesDigest(Buffer.from(canonical))).toBe(digest);
  });

  it('does not depend on how the value is written', () => {
    const again = JSON.parse(JSON.stringify(MANIFEST, Object.keys(MANIFEST).reverse().concat('name', 'retries', 'targets', 'ratio', 'empty'), 3)) as JsonValue;
    expect(JSON.stringify(again)).not.toBe(JSON.stringify(MANIFEST));
    expect(contentDigest('playbook', again)).toBe(contentDigest('playbook', MANIFEST));
  });

  it('changes with the type', () => {
    expect(contentDigest('workflow', MANIFEST)).not.toBe(contentDigest('playbook', MANIFEST));
    // The type is a member of what is hashed and not glued to it.
    expect(contentDigest('a', { b: 1 })).not.toBe(contentDigest('a{"b":1}', {}));
  });

  it('changes with every leaf, key and element', () => {
    const rewrites = mutationsOf(MANIFEST);
    expect(rewrites.length).toBeGreaterThan(30);
    const digests = [MANIFEST, ...rewrites].map((value) => contentDigest('playbook', value));
    expect(new Set(digests).size).toBe(digests.length);
  });

  it('tells values of two types apart that look alike', () => {
    const alike: JsonValue[] = [null, false, 0, '', '0', 'null', [], {}, [null], [[]], ['']];
    expect(new Set(alike.map((value) => contentDigest('x', value))).size).toBe(alike.length);
  });

  it('changes with any one change of any value', () => {
    fc.assert(
      fc.property(values(), (value) => {
        const digest = contentDigest('x', value);
        for (const other of mutationsOf(value)) expect(contentDigest('x', other)).not.toBe(digest);
      }),
    );
  });

  it('refuses integers that a double cannot tell apart', () => {
    expect(contentDigest('x', Number.MAX_SAFE_INTEGER)).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(JSON.parse('9007199254740993')).toBe(JSON.parse('9007199254740992'));
    for (const text of ['9007199254740992', '9007199254740993', '-9007199254740992', '1e30']) {
      const value = { limits: [JSON.parse(text) as number] };
      expect(() => contentDigest('x', value)).toThrow('$.limits[0] is an integer beyond');
    }
  });

  it('refuses an empty type and what JSON cannot hold', () => {
    expect(() => contentDigest('', {})).toThrow(TypeError);
    expect(() => contentDigest('x', { a: undefined } as unknown as JsonValue)).toThrow('$.a is undefined');
    expect(() => contentDigest('\ud800', {})).toThrow('lone surrogate');
  });
});

describe('the digest of bytes', () => {
  it('is that of the SHA-256 test vectors', () => {
    expect(bytesDigest(new Uint8Array())).toBe('sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
    expect(bytesDigest(Buffer.from('abc'))).toBe('sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  });

  it('covers the bytes of a view and not the buffer behind it', () => {
    const bytes = Buffer.from('xxabcxx');
    expect(bytesDigest(bytes.subarray(2, 5))).toBe(bytesDigest(Buffer.from('abc')));
  });
});

/** The value with one thing changed, for every leaf, key and element. */
function mutationsOf(value: JsonValue): JsonValue[] {
  if (Array.isArray(value)) {
    const longer = [[...value, null]];
    const shorter = value.map((_, index) => value.toSpliced(index, 1));
    const changed = value.flatMap((item, index) => mutationsOf(item).map((other) => value.with(index, other)));
    return [...longer, ...shorter, ...changed];
  }
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value).flatMap(([key, item]) => {
      const { [key]: _, ...rest } = value;
      return [rest, { ...rest, [`${key}x`]: item }, ...mutationsOf(item).map((other) => ({ ...rest, [key]: other }))];
    });
  }
  if (typeof value === 'number') return [value + 1, String(value)];
  if (typeof value === 'string') return [`${value} `, [value]];
  return [value === null ? false : !value, String(value)];
}

function values(): fc.Arbitrary<JsonValue> {
  const { value } = fc.letrec<{ value: JsonValue }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      fc.constantFrom<JsonValue>(null, true, false, '', [], {}),
      fc.integer(),
      fc.string({ unit: 'grapheme' }),
      fc.array(tie('value'), { maxLength: 4 }),
      fc.dictionary(fc.string({ maxLength: 3 }), tie('value'), { maxKeys: 4 }),
    ),
  }));
  return value;
}
