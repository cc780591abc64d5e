import { readdirSync, readFileSync } from 'node:fs';

import { type Diagnostic, type JsonObject, type JsonValue, LIMITS } from '@kb-labs/contracts';
import { contentDigest } from '@kb-labs/digest';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { playbookDigest, readPlaybook } from './read-playbook.js';

const FOLDER = new URL('../../../tooling/fixtures/playbooks/', import.meta.url);
const documents = readdirSync(FOLDER).filter((name) => !name.endsWith('.expected.json'));

type Expected = Pick<Diagnostic, 'code' | 'line' | 'column' | 'message'> & { readonly hint?: string };

const read = (name: string) => readPlaybook({ text: textOf(name), file: name });
const textOf = (name: string): string => readFileSync(new URL(name, FOLDER), 'utf8');
const expectedOf = (name: string): Expected[] => JSON.parse(textOf(name.replace(/\.(yml|json)$/, '.expected.json'))) as Expected[];
const told = (diagnostics: readonly Diagnostic[]): Expected[] =>
  diagnostics.map(({ code, line, column, message, hint }) => ({ code, line, column, message, ...(hint === undefined ? {} : { hint }) }));

describe('the golden manifests', () => {
  it.each(documents)('%s is told exactly what is expected', (name) => {
    expect(told(read(name).diagnostics)).toEqual(expectedOf(name));
  });

  it('have mistakes of every kind, and one of them has none', () => {
    const codes = new Set(documents.flatMap((name) => expectedOf(name).map(({ code }) => code)));
    expect(codes).toEqual(new Set(['UNKNOWN_KEY', 'MISSING_KEY', 'WRONG_TYPE', 'INVALID_VALUE', 'RESERVED_KEY']));
    expect(documents.filter((name) => read(name).ok)).toEqual(['complete.yml']);
  });
});

const MINIMAL = { playbook_id: 'p', version: '1', title: 'P', objective: 'to be read' };
const asText = (data: JsonValue) => readPlaybook({ text: JSON.stringify(data), file: 'p.json' });

describe('the digest of a manifest', () => {
  const complete = read('complete.yml');
  if (!complete.ok) throw new Error('the complete manifest is to be read');
  const { data, digest } = complete.value;

  it('is the same for YAML and JSON, for other layouts and orders, and has its type inside', () => {
    fc.assert(
      fc.property(fc.integer(), fc.constantFrom(0, 1, 4), (seed, indent) => {
        const again = readPlaybook({ text: JSON.stringify(shuffled(data, seed), null, indent), file: 'p.json' });
        expect(again.ok && again.value.digest).toBe(digest);
      }),
    );
    expect(playbookDigest(data)).toBe(digest);
    expect(digest).toMatch(/^sha256:[a-f0-9]{64}$/);
    expect(contentDigest('workflow', data)).not.toBe(digest);
  });

  it('is another one for every leaf that is another', () => {
    const leaves = leavesOf(data);
    expect(leaves.length).toBeGreaterThan(40);
    const digests = leaves.map((path) => playbookDigest(changedAt(data, path) as JsonObject));
    expect(new Set([digest, ...digests]).size).toBe(leaves.length + 1);
  });

  it('is of what is written: a default that is spelled out is another text', () => {
    const digests = [asText(MINIMAL), asText({ ...MINIMAL, inputs: [] })].map((one) => one.ok && one.value.digest);
    expect(new Set(digests).size).toBe(2);
  });
});

describe('a manifest from anywhere', () => {
  it('is refused or read, whatever it is, within bounds', () => {
    fc.assert(
      fc.property(fc.record({ playbook_id: fc.jsonValue(), inputs: fc.jsonValue(), phases: fc.jsonValue(), tools: fc.jsonValue(), scopes: fc.jsonValue(), metadata: fc.jsonValue() }, { requiredKeys: [] }), (given) => {
        const result = asText({ ...MINIMAL, ...(given as JsonObject) });
        expect(result.ok).toBe(result.diagnostics.every(({ severity }) => severity !== 'error'));
      }),
    );
  });

  it('has bounded lists, and each bound is accepted', () => {
    const inputs = (count: number) => ({ ...MINIMAL, inputs: Array.from({ length: count }, (_, index) => ({ name: `n${String(index)}` })) });
    expect(asText(inputs(LIMITS.playbookItems))).toMatchObject({ ok: true });
    expect(asText(inputs(LIMITS.playbookItems + 1))).toMatchObject({ ok: false });
    expect(readPlaybook({ text: `${JSON.stringify(MINIMAL)}${' '.repeat(LIMITS.documentBytes)}`, file: 'p.json' }).diagnostics.map(({ code }) => code)).toEqual(['DOCUMENT_TOO_LARGE']);
  });

  it.each(['"\\ud800"', '9007199254740993', '1e300', '-0', '1e400', '{"__proto__":1}'])('has a digest or is refused with %s in its metadata', (value) => {
    const result = readPlaybook({ text: `${JSON.stringify(MINIMAL).slice(0, -1)},"metadata":{"x":${value}}}`, file: 'p.json' });
    if (result.ok) expect(result.value.digest).toMatch(/^sha256:/);
    else expect(result.diagnostics.map(({ severity }) => severity)).toContain('error');
  });

  it('says what it needs when it is empty', () => {
    expect(readPlaybook({ text: '', file: 'p.yml' }).diagnostics).toMatchObject([{ code: 'MISSING_KEY', hint: expect.stringContaining('playbook_id') as string }]);
  });
});

/** The same value with the keys in another order. */
function shuffled(value: JsonValue, seed: number): JsonValue {
  if (Array.isArray(value)) return value.map((item) => shuffled(item, seed));
  if (typeof value !== 'object' || value === null) return value;
  const rank = (key: string): number => [...key].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) ^ seed, seed);
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => rank(a) - rank(b)).map(([key, item]) => [key, shuffled(item, seed)]));
}

type Path = readonly (string | number)[];

function leavesOf(value: JsonValue, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [path];
  return Object.entries(value).flatMap(([key, item]) => leavesOf(item, [...path, Array.isArray(value) ? Number(key) : key]));
}

function changedAt(value: JsonValue, [key, ...rest]: Path): JsonValue {
  if (key === undefined) return typeof value === 'boolean' ? !value : typeof value === 'number' ? value + 1 : value === null ? 0 : `${String(value)}x`;
  if (Array.isArray(value)) return value.map((item: JsonValue, index) => (index === key ? changedAt(item, rest) : item));
  return Object.fromEntries(Object.entries(value as JsonObject).map(([name, item]) => [name, name === key ? changedAt(item, rest) : item]));
}
