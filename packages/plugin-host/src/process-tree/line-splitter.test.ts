import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { LineSplitter } from './line-splitter.js';

describe('LineSplitter', () => {
  it.each([
    ['lines', 'a\nb\n', ['a', 'b']],
    ['blank lines', '\n\na\n', ['', '', 'a']],
    ['a last line without an end', 'a\nb', ['a', 'b']],
    ['line ends of two bytes', 'a\r\nb\r\n\r\n', ['a', 'b', '']],
    ['the states of a progress bar', '\r10%\r20%\r30%\n', ['10%', '20%', '30%']],
    ['a progress bar that clears its line', 'a\r\r\rb\n', ['a', 'b']],
    ['a return and a line end of two bytes', 'a\r\r\nb', ['a', '', 'b']],
    ['nothing', '', []],
    ['characters of several bytes', '€😀\nä\n', ['€😀', 'ä']],
  ])('cuts %s, however the bytes arrive', (_, text, lines) => {
    const bytes = Buffer.from(text);
    for (let size = 1; size <= bytes.length + 1; size += 1) expect(split(bytes, size, 100)).toEqual(lines);
  });

  it('gives the same lines for the same bytes, however they arrive', () => {
    const aByte = fc.constantFrom(0x0a, 0x0d, 0x61, 0xe2, 0x82, 0xac, 0xff, 0x00);
    fc.assert(
      fc.property(fc.array(aByte, { maxLength: 60 }), fc.integer({ min: 1, max: 61 }), fc.integer({ min: 40, max: 70 }), (raw, size, limit) => {
        const bytes = Buffer.from(raw);
        expect(split(bytes, size, limit)).toEqual(split(bytes, 1, limit));
      }),
      { numRuns: 2_000 },
    );
  });

  it('loses no byte of the lines that fit', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme' }).filter((line) => line.isWellFormed() && !/[\r\n]/.test(line))), fc.integer({ min: 1, max: 50 }), (lines, size) => {
        expect(split(Buffer.from(lines.map((line) => `${line}\n`).join('')), size, 10_000)).toEqual(lines);
      }),
    );
  });

  it('replaces what is not UTF-8', () => {
    expect(split(Buffer.from([0x61, 0xff, 0x62, 0x0a, 0xe2, 0x82, 0x0a]), 3, 100)).toEqual(['a\ufffdb', '\ufffd']);
  });

  it('keeps a line at the limit, and cuts one above it to the limit, between characters', () => {
    for (const character of ['x', 'ä', '€', '😀']) {
      const width = Buffer.byteLength(character);
      for (let size = 1; size < 300; size += 97) {
        const [fits, cut] = split(Buffer.from(`${character.repeat(120 / width)}\n${character.repeat(120 / width)}y\n`), size, 120);
        expect(fits).toBe(character.repeat(120 / width));
        expect(cut).toMatch(/^[xä€😀]+ … \[cut: the line has 121 bytes\]$/u);
        expect(Buffer.byteLength(cut ?? '')).toBeLessThanOrEqual(120);
        expect(Buffer.byteLength(cut ?? '')).toBeGreaterThan(120 - width);
      }
    }
  });

  it('stays within the limit when replaced bytes take more room than before', () => {
    const [line] = split(Buffer.from([...Array<number>(100).fill(0xff), 0x0a]), 7, 120);
    expect(Buffer.byteLength(line ?? '')).toBeLessThanOrEqual(120);
    expect(line).toContain('cut');
  });

  it('says how long a line was of which it held only the beginning', () => {
    const splitter = new LineSplitter(64);
    for (let chunk = 0; chunk < 1_000; chunk += 1) expect(splitter.push(Buffer.alloc(65_536, 'x'))).toEqual([]);
    expect(splitter.end()).toMatch(/^x+ … \[cut: the line has 65536000 bytes\]$/);
  });
});

function split(bytes: Buffer, size: number, maxBytes: number): string[] {
  const splitter = new LineSplitter(maxBytes);
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += size) lines.push(...splitter.push(bytes.subarray(at, at + size)));
  const last = splitter.end();
  return last === undefined ? lines : [...lines, last];
}
