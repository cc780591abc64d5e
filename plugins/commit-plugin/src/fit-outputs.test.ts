import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { fitList, fitPatch } from './fit-outputs.js';

const bytesOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));

describe('fitting', () => {
  it('keeps a list or a patch that fits as it is', () => {
    expect(fitList([1, 2, 3], 8)).toEqual({ value: [1, 2, 3], left: 0 });
    expect(fitPatch('diff --git a/x b/x\n', 100)).toEqual({ value: 'diff --git a/x b/x\n', left: 0 });
  });

  it('keeps whole files, in order, within the bytes, and counts the others', () => {
    const section = fc.tuple(fc.string({ maxLength: 8 }), fc.array(fc.constantFrom('+diff --git', ' é\u0001', '-x'), { maxLength: 20 }));
    fc.assert(
      fc.property(fc.array(section, { minLength: 1, maxLength: 10 }), fc.integer({ min: 2, max: 600 }), (drawn, bytes) => {
        const sections = drawn.map(([name, lines]) => `diff --git a/${name.replaceAll('\n', '')}\n${lines.map((line) => `${line}\n`).join('')}`);
        const { value, left } = fitPatch(sections.join(''), bytes);
        expect(value === '' || bytesOf(value) <= bytes).toBe(true);
        let at = 0;
        let kept = 0;
        for (const text of sections) {
          if (!value.startsWith(text, at)) continue;
          at += text.length;
          kept += 1;
        }
        expect(at).toBe(value.length);
        expect(kept + left).toBe(sections.length);
      }),
    );
  });

  it('makes room for a small file after a large one', () => {
    const large = `diff --git a/l\n${'+x\n'.repeat(100)}`;
    expect(fitPatch(`${large}diff --git a/s\n+y\n`, 60)).toEqual({ value: 'diff --git a/s\n+y\n', left: 1 });
  });
});
