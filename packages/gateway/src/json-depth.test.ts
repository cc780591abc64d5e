import fc from 'fast-check';
import { expect, it } from 'vitest';

import { isDeeperThan } from './json-depth.js';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

it('says of any JSON what counting its values says', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 6 }), (text) => {
      const depth = depthOf(JSON.parse(text));
      expect(isDeeperThan(bytes(text), depth)).toBe(false);
      if (depth > 0) expect(isDeeperThan(bytes(text), depth - 1)).toBe(true);
    }),
  );
});

it('does not count what stands in a text, whatever its escapes', () => {
  for (const text of ['"[[["', String.raw`"\"[[["`, String.raw`["\\",[]]`, String.raw`{"[{":"\\\"[["}`, '"[{😀"']) expect(isDeeperThan(bytes(text), depthOf(JSON.parse(text))), text).toBe(false);
  expect(isDeeperThan(bytes(String.raw`["\\",[]]`), 1)).toBe(true);
});

it('stops at the first level that is too much', () => {
  expect(isDeeperThan(bytes('['.repeat(1_000_000)), 64)).toBe(true);
  expect(isDeeperThan(bytes('['.repeat(64)), 64)).toBe(false);
});
