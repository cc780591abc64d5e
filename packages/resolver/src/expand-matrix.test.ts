import { readFileSync } from 'node:fs';

import { type JsonObject, type JsonValue, LIMITS } from '@kb-labs/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { canonicalText } from './canonical-text.js';
import { type ExpandedMatrix, expandMatrix } from './expand-matrix.js';

/** A row says the combinations, or the problem; `json` is for keys that a literal cannot hold. */
interface MatrixCase {
  readonly case: string;
  readonly matrix: JsonValue;
  readonly contexts?: JsonObject;
  readonly limit?: number;
  readonly combinations?: readonly JsonObject[];
  readonly json?: string;
  readonly problem?: string;
}

const table = JSON.parse(readFileSync(new URL('../../../tooling/fixtures/matrix/expansion.json', import.meta.url), 'utf8')) as MatrixCase[];

function expand(matrix: JsonValue, over: { contexts?: JsonObject; limit?: number } = {}): ExpandedMatrix {
  return expandMatrix({ matrix, failFast: true }, { contexts: over.contexts ?? {} }, over.limit ?? LIMITS.matrixCombinations);
}

describe('expandMatrix', () => {
  it.each(table)('$case', (row) => {
    const end = expand(row.matrix, row);
    const expected = row.problem ?? row.json ?? JSON.stringify(row.combinations);
    expect(end.ok ? JSON.stringify(end.combinations) : end.problem).toBe(expected);
  });

  it('has a table of at least 30 rows, each with a name of its own and one answer', () => {
    expect(table.length).toBeGreaterThanOrEqual(30);
    expect(new Set(table.map((row) => row.case)).size).toBe(table.length);
    for (const row of table) expect([row.problem, row.json, row.combinations].filter((one) => one !== undefined), row.case).toHaveLength(1);
  });

  it('gives what a plain reading of the rules gives, for any axes and entries', () => {
    const value = fc.constantFrom<JsonValue>(1, 2, '1', null, { a: 1 });
    const entry = fc.dictionary(fc.constantFrom('x', 'y', 'z', 'w'), value, { maxKeys: 3 });
    const matrices = fc.record({
      x: fc.array(value, { maxLength: 4 }),
      y: fc.array(value, { maxLength: 4 }),
      z: fc.array(value, { minLength: 1, maxLength: 3 }),
      include: fc.array(entry, { maxLength: 5 }),
      exclude: fc.array(fc.dictionary(fc.constantFrom('x', 'y', 'z'), value, { minKeys: 1, maxKeys: 2 }), { maxLength: 3 }),
    });
    fc.assert(
      fc.property(matrices, (matrix) => {
        const { include, exclude, ...axes } = matrix;
        expect(expand({ ...axes, include, exclude })).toEqual({ ok: true, combinations: plainly(axes, include, exclude) });
      }),
      { numRuns: 500 },
    );
  });

  it('refuses a product that could never be built, without building it', () => {
    const axis = Array.from({ length: 100 }, (_, n) => n);
    const matrix = Object.fromEntries(Array.from({ length: 32 }, (_, n) => [`a${n}`, axis]));
    expect(expand(matrix, { limit: LIMITS.jobsAfterMatrix })).toEqual({ ok: false, problem: 'it has more than 9007199254740991 combinations, and 10000 is the most' });
    expect(expand({ ...matrix, more: axis })).toEqual({ ok: false, problem: 'it has 33 axes, and 32 is the most' });
  });

  it('refuses combinations that are few and large', () => {
    const large = 'x'.repeat(500_000);
    const problem = `its combinations would take more than ${LIMITS.runStateBytes} bytes`;
    expect(expand({ n: Array.from({ length: 100 }, (_, n) => n), text: [large] })).toEqual({ ok: false, problem });
    expect(expand({ n: Array.from({ length: 100 }, (_, n) => n), include: [{ text: large }] })).toEqual({ ok: false, problem });
    expect(expand({ n: Array.from({ length: 10 }, (_, n) => n), include: [{ text: large }] }).ok).toBe(true);
  });

  it('looks at ten times the combinations in about ten times the work, with a hundred excludes and includes', () => {
    const run = (count: number): number => {
      const axis = (size: number): number[] => Array.from({ length: size }, (_, n) => n);
      const entries = axis(100);
      const matrix = { a: axis(count / 100), b: axis(100), exclude: entries.map((n) => ({ a: n, b: n })), include: entries.map((n) => ({ b: n, [`k${n % 7}`]: n })) };
      const began = performance.now();
      expect(expand(matrix, { limit: LIMITS.jobsAfterMatrix }).ok).toBe(true);
      return performance.now() - began;
    };
    // They take turns: when the machine is slower for a while, it is so for both.
    const rounds = Array.from({ length: 8 }, () => [run(10_000), run(1_000)] as const);
    expect(Math.min(...rounds.map(([of]) => of)) / Math.min(...rounds.map(([, of]) => of))).toBeLessThan(40);
  });

  it('lets the failure of an expression through', () => {
    expect(() => expand("${{ fromJSON('[') }}")).toThrow(expect.objectContaining({ code: 'EXPRESSION_FAILED' }) as Error);
  });
});

/** The rules once more, without a thought for time. */
function plainly(axes: Record<string, JsonValue[]>, include: readonly JsonObject[], exclude: readonly JsonObject[]): JsonObject[] {
  const equal = (a: JsonValue | undefined, b: JsonValue | undefined): boolean => a !== undefined && b !== undefined && canonicalText(a) === canonicalText(b);
  let product: JsonObject[] = [{}];
  for (const [name, values] of Object.entries(axes)) product = product.flatMap((one) => values.map((value) => ({ ...one, [name]: value })));
  const originals = product.filter((one) => !exclude.some((entry) => Object.keys(entry).every((key) => equal(entry[key], one[key]))));
  const built = originals.map((one) => ({ ...one }));
  const alone: JsonObject[] = [];
  for (const entry of include) {
    const fitting = originals.flatMap((one, index) => (Object.keys(entry).every((key) => !(key in axes) || equal(entry[key], one[key])) ? [index] : []));
    for (const index of fitting) Object.assign(built[index] ?? {}, entry);
    if (fitting.length === 0) alone.push(entry);
  }
  return [...built, ...alone];
}
