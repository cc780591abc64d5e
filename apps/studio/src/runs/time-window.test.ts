import { expect, it } from 'vitest';

import { fromField, toField, windowFrom } from './time-window.js';

it('begins so long ago, at an instant that can be linked to', () => {
  expect(windowFrom('24h', Date.parse('2026-03-02T10:00:00Z'))).toEqual({ since: '2026-03-01T10:00:00.000Z' });
  expect(windowFrom('ever', 0)).toEqual({});
});

it('reads from a field what it wrote into it', () => {
  const instant = '2026-03-02T10:07:00.000Z';
  expect(toField(instant)).toMatch(/^\d{4}-\d{2}-\d{2}T\d{2}:07$/);
  expect(fromField(toField(instant))).toBe(instant);
  expect([toField(undefined), fromField('')]).toEqual(['', undefined]);
});
