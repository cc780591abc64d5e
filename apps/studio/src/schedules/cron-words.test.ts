import { describe, expect, it } from 'vitest';

import { cronWords } from './cron-words.js';

describe('a cron expression in words', () => {
  it.each([
    ['30 7 * * 1-5', 'At 07:30, Monday through Friday'],
    ['0 */6 * * *', 'On the hour, every 6 hours'],
    ['0 0 1 JAN *', 'At 00:00, on day 1 of the month, only in January'],
    ['*/5 * * * *', 'Every 5 minutes'],
  ])('%s: %s', (cron, words) => {
    expect(cronWords(cron)).toBe(words);
  });

  it('is none for what is no expression', () => {
    expect(cronWords('every day')).toBeUndefined();
  });
});
