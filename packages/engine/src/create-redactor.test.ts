import { text } from 'node:stream/consumers';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { createRedactor } from './create-redactor.js';
import { redactArtifact, redactError, redactValue } from './redact-values.js';
import { newCanary } from './secret-canary.fixture.js';
import { formsOf } from './secret-forms.js';

const canary = newCanary();

describe('a redactor', () => {
  it('is not there without a value', () => {
    expect(createRedactor([])).toBeUndefined();
  });

  it.each(Object.entries(canary.forms))('takes out a secret as %s', (_, form) => {
    const redactor = redactorOf(canary.value);
    const around = Buffer.concat([Buffer.from('before '), form, Buffer.from(' after')]);
    expect(all(redactor.bytes(), around)).toBe('before *** after');
    if (!form.includes(0)) expect(redactor.text(around.toString())).toBe('before *** after');
  });

  it('knows at least fourteen forms, and another value has none of them', () => {
    expect(Object.keys(canary.forms).length).toBeGreaterThanOrEqual(14);
    const other = redactorOf(newCanary().value);
    for (const form of Object.values(canary.forms)) expect(all(other.bytes(), form)).toBe(form.toString());
  });

  it('takes out each line of a secret of several, but not what is too short to tell', () => {
    const redactor = redactorOf('-----BEGIN\r\n  abcdefgh\n}\nijklmnop\n');
    expect(redactor.text('x abcdefgh } ijklmnop')).toBe('x *** } ***');
    expect(redactor.text(Buffer.from('xabcdefgh').toString('base64'))).toContain('***');
  });

  it('gives back a text without a secret as it is, also one that is not well-formed', () => {
    const text = `a\ud800b ${'ä'.repeat(10)}`;
    expect(redactorOf(canary.value).text(text)).toBe(text);
  });

  it('reads values to their depth, names and numbers too', () => {
    const redactor = redactorOf('12345678');
    expect(redactValue(redactor, { a: ['x12345678', 12345678, 1234567, true, null], 'k12345678': { b: '1234567' } })).toEqual({ a: ['x***', '***', 1234567, true, null], 'k***': { b: '1234567' } });
    expect(redactError(redactor, { code: 'A12345678', message: 'm 12345678', hint: 'h 12345678', details: ['12345678'] })).toEqual({ code: 'STEP_FAILED', message: 'm ***', hint: 'h ***', details: ['***'] });
  });

  it('takes secrets out of artifacts, whole or in a stream', async () => {
    const redactor = redactorOf('correct horse');
    const whole = redactArtifact(redactor, { name: 'a', type: 'text', label: 'of correct horse', content: Buffer.from('a correct horse b') });
    expect([whole.label, String(whole.content)]).toEqual(['of ***', 'a *** b']);
    const streamed = redactArtifact(redactor, { name: 'a', type: 'text', content: bytewise('a correct horse b correct') });
    expect(await text(streamed.content as AsyncIterable<Uint8Array>)).toBe('a *** b correct');
  });

  it('finds the same wherever a stream is cut, and what a plain search finds', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 60 });
    const secrets = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 4, maxLength: 9 }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(letters, secrets, fc.array(fc.nat(60), { maxLength: 8 }), (given, values, cuts) => {
        const redactor = createRedactor(values);
        if (redactor === undefined) throw new Error('no redactor');
        const expected = searched(given, values.flatMap(formsOf).map((form) => form.toString('latin1')));
        const places = [...new Set([0, ...cuts.filter((cut) => cut < given.length), given.length])].toSorted((a, b) => a - b);
        const stream = redactor.bytes();
        const parts = places.slice(1).map((end, index) => Buffer.from(stream.push(Buffer.from(given.slice(places[index], end)))));
        expect(Buffer.concat([...parts, stream.end()]).toString()).toBe(expected);
        expect(redactor.text(given)).toBe(expected);
      }),
      { numRuns: 2_000 },
    );
  });

  it('holds back no more than what can begin a secret', () => {
    const stream = redactorOf('correct horse').bytes();
    expect(Buffer.from(stream.push(Buffer.from('line one\nline correct'))).toString()).toBe('line one\nline ');
    expect(Buffer.from(stream.push(Buffer.from('ed it\n'))).toString()).toBe('corrected it\n');
    const given = new Uint8Array(Buffer.from('a correct'));
    const first = Buffer.from(stream.push(given)).toString();
    given.buffer.transfer(0);
    expect(first + Buffer.from(stream.push(Buffer.from(' horse.'))).toString()).toBe('a ***.');
    for (let pushes = 0; pushes < 1_000; pushes += 1) expect(stream.push(Buffer.from('correct horse'.repeat(10))).length).toBeLessThanOrEqual(33);
    expect(Buffer.from(stream.end()).toString()).toBe('***');
  });

  it('takes time in line with the length, also for a text made to be slow', () => {
    const redactor = redactorOf(`${'a'.repeat(4_000)}b`);
    const timeOf = (bytes: Buffer): number => {
      const began = performance.now();
      redactor.bytes().push(bytes);
      return performance.now() - began;
    };
    const [large, small] = [Buffer.alloc(8_000_000, 'a'), Buffer.alloc(1_000_000, 'a')];
    timeOf(small);
    // They take turns: when the machine is slower for a while, it is so for both.
    const rounds = Array.from({ length: 5 }, () => [timeOf(large), timeOf(small)] as const);
    expect(Math.min(...rounds.map(([of]) => of)) / Math.min(...rounds.map(([, of]) => of))).toBeLessThan(24);
  });
});

function redactorOf(...values: string[]) {
  const redactor = createRedactor(values);
  if (redactor === undefined) throw new Error('no redactor');
  return redactor;
}

function all(stream: ReturnType<ReturnType<typeof redactorOf>['bytes']>, bytes: Uint8Array): string {
  return Buffer.concat([stream.push(bytes), stream.end()]).toString();
}

async function* bytewise(text: string): AsyncGenerator<Uint8Array> {
  for (const byte of Buffer.from(text)) yield Uint8Array.of(byte);
}

/** Every occurrence of every form; those that overlap are one. */
function searched(text: string, forms: readonly string[]): string {
  const covered = new Set<number>();
  const begins = new Set<number>();
  const ranges: [number, number][] = [];
  for (const form of forms) for (let at = text.indexOf(form); at >= 0; at = text.indexOf(form, at + 1)) ranges.push([at, at + form.length]);
  ranges.sort(([a], [b]) => a - b);
  let last = -1;
  for (const [start, end] of ranges) {
    if (start >= last) begins.add(start);
    for (let at = start; at < end; at += 1) covered.add(at);
    last = Math.max(last, end);
  }
  return Array.from(text, (character, at) => (begins.has(at) ? '***' : covered.has(at) ? '' : character)).join('');
}
