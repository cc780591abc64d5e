import fc from 'fast-check';
import { expect, it } from 'vitest';

import { emptyTable, nearness, packVectors, putVector, unpackVectors } from './vector-table.js';

const vector = fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 16, maxLength: 16 }).filter((values) => Math.hypot(...values) > 0.1);

it('tells the cosine of two vectors to a hundredth, also after it was stored', () => {
  fc.assert(
    fc.property(fc.array(vector, { minLength: 1, maxLength: 5 }), vector, (vectors, question) => {
      const table = emptyTable('m', 16, vectors.length + 1);
      for (const [at, values] of vectors.entries()) putVector(table, at, values);
      const stored = unpackVectors(packVectors(table));
      expect(stored).toMatchObject({ model: 'm', dimensions: 16 });
      const near = nearness(stored ?? table, question);
      for (const [at, values] of vectors.entries()) {
        const cosine = values.reduce((sum, value, place) => sum + value * (question[place] ?? 0), 0) / Math.hypot(...values) / Math.hypot(...question);
        expect(Math.abs((near[at] ?? 0) - cosine)).toBeLessThan(0.02);
      }
      expect(near[vectors.length]).toBe(-1);
    }),
  );
});

it('keeps out what is no vector of it', () => {
  const table = emptyTable('m', 2, 3);
  putVector(table, 0, [1, 2, 3]);
  putVector(table, 1, [0, 0]);
  putVector(table, 2, [Number.NaN, 1]);
  expect([...table.scales]).toEqual([0, 0, 0]);
});
