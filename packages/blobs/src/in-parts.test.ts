import fc from 'fast-check';
import { expect, it } from 'vitest';

import { inParts } from './in-parts.js';

it('gives the same bytes in parts of one size, whatever the pieces were', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 20 }), fc.integer({ min: 1, max: 30 }), async (pieces, size) => {
      const whole = Buffer.concat(pieces);
      const parts: Buffer[] = [];
      for await (const part of inParts(reusing(pieces), size)) parts.push(part);
      expect(Buffer.concat(parts).equals(whole)).toBe(true);
      expect(parts.slice(0, -1).every((part) => part.byteLength === size)).toBe(true);
      expect(parts.length).toBe(Math.ceil(whole.byteLength / size));
    }),
  );
});

/** As a reader with one buffer does: a piece is gone when the next one comes. */
async function* reusing(pieces: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  const buffer = new Uint8Array(40);
  for (const piece of pieces) {
    buffer.set(piece);
    yield buffer.subarray(0, piece.byteLength);
    await Promise.resolve();
    buffer.fill(0);
  }
}
