import { describe, expect, it } from 'vitest';

import { otherTime, zonedTime } from './zoned-time.js';

describe('a time in a zone', () => {
  it('is what its clocks show, summer and winter', () => {
    expect(zonedTime('2026-07-01T05:30:00.000Z', 'Europe/Berlin', 'en-GB')).toContain('07:30');
    expect(zonedTime('2026-12-01T05:30:00.000Z', 'Europe/Berlin', 'en-GB')).toContain('06:30');
  });

  it('is in UTC, and says so, where the zone is not known', () => {
    expect(zonedTime('2026-07-01T05:30:00.000Z', 'Mars/Olympus', 'en-GB')).toMatch(/05:30 UTC$/);
  });

  it('is told of another zone where that differs, with its day where that does', () => {
    expect(otherTime('2026-07-01T05:30:00.000Z', 'Europe/Berlin', 'Europe/Paris')).toBeUndefined();
    expect(otherTime('2026-07-01T05:30:00.000Z', 'Europe/Berlin', 'UTC')).toBe('05:30');
    expect(otherTime('2026-07-01T05:30:00.000Z', 'UTC', 'America/Los_Angeles', 'en-GB')).toBe(zonedTime('2026-07-01T05:30:00.000Z', 'America/Los_Angeles', 'en-GB'));
  });
});
