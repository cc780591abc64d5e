import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { TailBuffer } from './tail-buffer.js';

describe('TailBuffer', () => {
  it('gives back what fits, without the line ends at its end', () => {
    expect(tailOf(['a\nb', '\n\r\n'], 100).text(100)).toBe('a\nb');
    expect(tailOf([], 100).text(2)).toBe('');
    expect(tailOf(['\n\n'], 100).text(2)).toBe('');
  });

  it('gives back the end of what does not fit, and says how much is missing', () => {
    const text = tailOf(Array.from({ length: 1_000 }, (_, at) => `line ${String(at)}\n`), 200).text(1_000);
    expect(text).toMatch(/^\[… \d+ bytes left out\]\n/);
    expect(text.endsWith('\nline 998\nline 999')).toBe(true);
    const missing = Number(/\d+/.exec(text)?.[0]);
    expect(missing + 200).toBe(Array.from({ length: 1_000 }, (_, at) => `line ${String(at)}\n`).join('').length);
  });

  it('never takes more room as JSON than it is given, nor splits a character', () => {
    const aPart = fc.string({ unit: fc.constantFrom('a', '\u0001', '"', '€', '😀', '\n') });
    fc.assert(
      fc.property(fc.array(aPart, { maxLength: 30 }), fc.integer({ min: 1, max: 60 }), fc.integer({ min: 2, max: 90 }), (parts, keep, room) => {
        const text = tailOf(parts, keep).text(room);
        expect(Buffer.byteLength(JSON.stringify(text))).toBeLessThanOrEqual(room);
        expect(text.isWellFormed()).toBe(true);
        expect(text).not.toContain('\ufffd');
        const whole = parts.join('');
        const end = text.startsWith('[…') ? text.slice(text.indexOf('\n') + 1) : text;
        expect(whole.replace(/[\r\n]+$/, '').endsWith(end)).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });

  it('uses all the room there is', () => {
    const tail = tailOf(['x'.repeat(10_000)], 10_000);
    expect(tail.text(10_002)).toBe('x'.repeat(10_000));
    expect(JSON.stringify(tail.text(10_001)).length).toBeGreaterThan(9_990);
  });
});

function tailOf(parts: readonly string[], maxBytes: number): TailBuffer {
  const tail = new TailBuffer(maxBytes);
  for (const part of parts) tail.push(Buffer.from(part));
  return tail;
}
