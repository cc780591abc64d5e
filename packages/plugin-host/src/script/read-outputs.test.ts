import { INPUT_NAME, LIMITS, type JsonValue } from '@kb-labs/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { ByteSource } from './file-lines.js';
import { readOutputs } from './read-outputs.js';

const OWNED = new Set(['stdout', 'stderr', 'exitcode']);
const aName = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_-]{0,20}$/).filter((name) => !OWNED.has(name.toLowerCase()) && name !== '__proto__');
const aText = fc.string({ unit: 'grapheme' }).filter((text) => text.isWellFormed());
const aLine = aText.filter((text) => !/[\n\r]/.test(text));

describe('readOutputs', () => {
  it('gives back any line written as name=value', async () => {
    await fc.assert(
      fc.asyncProperty(aName, aLine, async (name, value) => {
        expect(await valuesOf(`${name}=${value}\n`)).toEqual({ [name]: value });
      }),
    );
  });

  it('gives back any text written as a block, whatever it looks like', async () => {
    await fc.assert(
      fc.asyncProperty(aName, fc.string({ unit: fc.constantFrom('a', '=', '<<', '\n', '{', '"', 'stdout=1', '\n\n', '__proto__=1') }), async (name, value) => {
        expect(await valuesOf(`${name}<<END-of-it\n${value}\nEND-of-it\n`)).toEqual({ [name]: value });
      }),
    );
  });

  it('gives back any JSON value, with its type', async () => {
    await fc.assert(
      fc.asyncProperty(fc.dictionary(aName, fc.jsonValue()), async (values) => {
        const text = JSON.stringify(values);
        fc.pre(!/\\ud[89a-f]|__proto__|\d{16}(?![\d.e])/i.test(text));
        expect(await valuesOf(`${text}\n`)).toEqual(JSON.parse(text));
      }),
    );
  });

  it('names the first line it cannot read, or gives names that can be used', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(aText, fc.constantFrom('a=1', 'a<<E', 'E', '{"b":2}', 'exitCode=0', '')), { maxLength: 12 }), async (lines) => {
        const read = await readOutputs(sourceOf(lines.join('\n')));
        if (read.kind === 'read') for (const name of Object.keys(read.values)) expect(INPUT_NAME.test(name) && !OWNED.has(name.toLowerCase())).toBe(true);
        else expect(read.kind === 'refused' && read.line >= 1 && read.line <= lines.join('\n').split('\n').length && read.problem.length > 0).toBe(true);
      }),
    );
  });

  it('takes values as deep as a value may be, and none deeper', async () => {
    const nested = (levels: number): string => `{"a": ${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}}\n`;
    expect(await readOutputs(sourceOf(nested(LIMITS.valueDepth)))).toMatchObject({ kind: 'read' });
    expect(await readOutputs(sourceOf(nested(LIMITS.valueDepth + 1)))).toMatchObject({ kind: 'refused', line: 1 });
  });

  it('takes as many values as a step may have, in one object or by many names, and none more', async () => {
    const zeros = (count: number): string => `{"a":[${'0,'.repeat(count - 3)}0]}`;
    // The list and its members: the object of one line is not kept.
    expect(await readOutputs(sourceOf(zeros(LIMITS.outputValues)))).toMatchObject({ kind: 'read' });
    expect(await readOutputs(sourceOf(zeros(LIMITS.outputValues + 1)))).toMatchObject({ kind: 'refused', line: 1, problem: expect.stringContaining('values') });
    expect(await readOutputs(sourceOf(`b=1\nc=2\nd=3\n${zeros(LIMITS.outputValues - 1)}`))).toMatchObject({ kind: 'refused', line: 4 });
  });

  it('refuses whole numbers that would become others, wherever they stand, and no text that looks like one', async () => {
    for (const line of ['{"a":9007199254740993}', '{"a":-9007199254740993}', '{"a":[1,{"b":12345678901234567890}]}', '{"\\"":"\\\\","a":9007199254740993}']) {
      expect(await readOutputs(sourceOf(line))).toMatchObject({ kind: 'refused', line: 1, problem: expect.stringContaining('2^53') });
    }
    const fine = '{"a":"9007199254740993","b":9007199254740991,"c":1234567890.123456789,"d":"\\\\"}';
    expect(await valuesOf(fine)).toEqual(JSON.parse(fine));
  });

  it('says how large the values are', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(aName, aLine), { minLength: 1 }), async (entries) => {
        const read = await readOutputs(sourceOf(entries.map(([name, value]) => `${name}=${value}\n`).join('')));
        expect(read.kind === 'read' && read.bytes).toBe(read.kind === 'read' && Buffer.byteLength(JSON.stringify(read.values)));
      }),
    );
  });

  it('reads the same wherever the pieces of the file end', async () => {
    const line = `long=${'ä€😀'.repeat(200)}\r\n`;
    const block = `block<<END\n${'one\r\ntwo\n'.repeat(100)}END\n`;
    const json = `{"json":${JSON.stringify(['"\\', 'x'.repeat(1_000)])}}\n`;
    for (let shift = 0; shift < 4_096; shift += 31) {
      const padding = `pad=${'p'.repeat(256 * 1024 - 3_000 + shift)}\n`;
      const values = await valuesOf(padding + line + block + json);
      expect(values['long'] === 'ä€😀'.repeat(200)).toBe(true);
      expect(values['block'] === 'one\r\ntwo\n'.repeat(100).slice(0, -1)).toBe(true);
      expect(values['json']).toEqual(['"\\', 'x'.repeat(1_000)]);
    }
  });

  it('reads a file that has become shorter as far as it goes', async () => {
    const { readInto } = sourceOf('a=1\nb=');
    expect(await readOutputs({ bytes: 1_000, readInto })).toMatchObject({ kind: 'read', values: { a: '1', b: '' } });
  });

  it('lets others have their turn in between', async () => {
    let turns = 0;
    const timer = setInterval(() => (turns += 1), 0);
    await readOutputs(sourceOf('a=1\n'.repeat(1_000_000)));
    clearInterval(timer);
    expect(turns).toBeGreaterThan(0);
  });

  it('takes time in proportion to the text', async () => {
    const milliseconds = async (times: number): Promise<number> => {
      const text = 'a<<E\n'.repeat(times);
      const start = performance.now();
      await readOutputs(sourceOf(text));
      await readOutputs(sourceOf('a=<<\n'.repeat(times)));
      await readOutputs(sourceOf(`${'{'.repeat(times)}\n`));
      await readOutputs(sourceOf(`{"a":"${'\\"'.repeat(times)}"}\n`));
      return performance.now() - start;
    };
    await milliseconds(10_000);
    // They take turns: when the machine is slower for a while, it is so for both.
    let [large, small] = [Infinity, Infinity];
    for (let round = 0; round < 3; round += 1) {
      large = Math.min(large, await milliseconds(400_000));
      small = Math.min(small, await milliseconds(100_000));
    }
    expect(large / small).toBeLessThan(12);
  });
});

async function valuesOf(text: string): Promise<Record<string, JsonValue>> {
  const read = await readOutputs(sourceOf(text));
  if (read.kind !== 'read') throw new Error(JSON.stringify(read));
  return read.values;
}

function sourceOf(text: string): ByteSource {
  const bytes = Buffer.from(text);
  return { bytes: bytes.length, readInto: (target, at) => bytes.copy(target, 0, at) };
}
