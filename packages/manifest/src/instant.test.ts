import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { isInstant } from './instant.js';

describe('isInstant', () => {
  it('takes a date, a time and an offset', () => {
    for (const text of ['2030-01-31T09:00:00Z', '2030-01-31T09:00Z', '2028-02-29T23:59:59.123+05:30', '2030-12-31T00:00:00-11:00']) expect(isInstant(text), text).toBe(true);
  });

  it('refuses days that do not exist and texts that leave something open', () => {
    const refused = ['2030-02-29T00:00:00Z', '2100-02-29T00:00:00Z', '2030-04-31T00:00:00Z', '2030-13-01T00:00:00Z', '2030-00-01T00:00:00Z', '2030-01-00T00:00:00Z', '2030-01-01T24:00:00Z', '2030-01-01T00:60:00Z', '2030-01-01T00:00:00', '2030-01-01', '09:00', 'tomorrow', '2030-01-01T00:00:00z', ' 2030-01-01T00:00:00Z'];
    for (const text of refused) expect(isInstant(text), text).toBe(false);
  });

  it('takes every instant as it is written by the language, and what it takes can be read', () => {
    fc.assert(
      fc.property(fc.date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true }), (date) => {
        expect(isInstant(date.toISOString())).toBe(true);
      }),
    );
    const parts = fc.tuple(fc.integer({ min: 1990, max: 2040 }), fc.integer({ min: 0, max: 14 }), fc.integer({ min: 0, max: 32 }), fc.integer({ min: 0, max: 25 }));
    fc.assert(
      fc.property(parts, ([year, month, day, hour]) => {
        const text = `${String(year)}-${two(month)}-${two(day)}T${two(hour)}:00:00Z`;
        const at = Date.parse(text);
        expect(isInstant(text)).toBe(!Number.isNaN(at) && new Date(at).toISOString().startsWith(text.slice(0, 13)));
      }),
      { numRuns: 1_000 },
    );
  });
});

function two(value: number): string {
  return String(value).padStart(2, '0');
}
