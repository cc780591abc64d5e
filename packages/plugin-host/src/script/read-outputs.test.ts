import { INPUT_NAME, LIMITS, type JsonValue } from '@kb-labs/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { readOutputs } from './read-outputs.js';

const OWNED = new Set(['stdout', 'stderr', 'exitcode']);
const aName = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_-]{0,20}$/).filter((name) => !OWNED.has(name.toLowerCase()) && name !== '__proto__');
const aText = fc.string({ unit: 'grapheme' }).filter((text) => text.isWellFormed());
const aLine = aText.filter((text) => !/[\n\r]/.test(text));

describe('readOutputs', () => {
  it('gives back any line written as name=value', () => {
    fc.assert(
      fc.property(aName, aLine, (name, value) => {
        expect(valuesOf(`${name}=${value}\n`)).toEqual({ [name]: value });
      }),
    );
  });

  it('gives back any text written as a block, whatever it looks like', () => {
    fc.assert(
      fc.property(aName, fc.string({ unit: fc.constantFrom('a', '=', '<<', '\n', '{', '"', 'stdout=1', '\n\n', '__proto__=1') }), (name, value) => {
        expect(valuesOf(`${name}<<END-of-it\n${value}\nEND-of-it\n`)).toEqual({ [name]: value });
      }),
    );
  });

  it('gives back any JSON value, with its type', () => {
    fc.assert(
      fc.property(fc.dictionary(aName, fc.jsonValue()), (values) => {
        const text = JSON.stringify(values);
        fc.pre(!/\\ud[89a-f]|__proto__|\d{16}(?![\d.e])/i.test(text));
        expect(valuesOf(`${text}\n`)).toEqual(JSON.parse(text));
      }),
    );
  });

  it('names the first line it cannot read, or gives names that can be used', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(aText, fc.constantFrom('a=1', 'a<<E', 'E', '{"b":2}', 'exitCode=0', '')), { maxLength: 12 }), (lines) => {
        const read = readOutputs(lines.join('\n'));
        if (read.ok) for (const name of Object.keys(read.values)) expect(INPUT_NAME.test(name) && !OWNED.has(name.toLowerCase())).toBe(true);
        else expect(read.line >= 1 && read.line <= lines.join('\n').split('\n').length && read.problem.length > 0).toBe(true);
      }),
    );
  });

  it('takes values as deep as a value may be, and none deeper', () => {
    const nested = (levels: number): string => `{"a": ${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}}\n`;
    expect(readOutputs(nested(LIMITS.valueDepth))).toMatchObject({ ok: true });
    expect(readOutputs(nested(LIMITS.valueDepth + 1))).toMatchObject({ ok: false, line: 1 });
  });

  it('takes time in proportion to the text', () => {
    const seconds = (times: number): number => {
      const text = 'a<<E\n'.repeat(times);
      const start = performance.now();
      readOutputs(text);
      readOutputs('a=<<\n'.repeat(times));
      readOutputs(`${'{'.repeat(times)}\n`);
      return performance.now() - start;
    };
    seconds(10_000);
    const small = Math.min(...[1, 2, 3].map(() => seconds(100_000)));
    const large = Math.min(...[1, 2, 3].map(() => seconds(400_000)));
    expect(large / small).toBeLessThan(12);
  });
});

function valuesOf(text: string): Record<string, JsonValue> {
  const read = readOutputs(text);
  if (!read.ok) throw new Error(`line ${String(read.line)}: ${read.problem}`);
  return read.values;
}
