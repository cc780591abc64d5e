import { describe, expect, it } from 'vitest';

import { readCron } from './read-cron.js';
import { isTimeZone, nearestTimeZone } from './time-zone.js';

describe('a cron expression', () => {
  it.each([
    ['* * * * *', 60, 24, 31, 12, 7],
    ['0 9 * * 1-5', 1, 1, 31, 12, 5],
    ['*/15 0-6/2,12 1,15 JAN-mar sun,Sat', 4, 5, 2, 3, 2],
    ['0 0 * * 0,7', 1, 1, 31, 12, 1],
    ['0 0 * * fri-sun', 1, 1, 31, 12, 3],
    ['  5\t4 *  * * ', 1, 1, 31, 12, 7],
    ['*/60 * * * *', 1, 24, 31, 12, 7],
    ['0 0 31 */2 *', 1, 1, 1, 6, 7],
    ['0 0 30 2 1', 1, 1, 1, 1, 1],
  ])('%j is read', (text, ...sizes) => {
    const read = readCron(text);
    if (!read.ok) throw new Error(JSON.stringify(read.problems));
    const { minute, hour, day, month, weekday } = read.cron;
    expect([minute, hour, day, month, weekday].map((field) => field.values.length)).toEqual(sizes);
  });

  it.each([
    ['', 0, '0'],
    ['* * * *', 0, 'has 4'],
    ['0 * * * * *', 0, 'has 6'],
    ['@daily', 0, 'five fields'],
    ['60 * * * *', 0, '"60" is no minute'],
    ['0 24 * * *', 2, '"24" is no hour'],
    ['0 0 0 * *', 4, '"0" is no day of month'],
    ['0 0 1 13 *', 6, '"13" is no month'],
    ['0 0 * * 8', 8, '"8" is no day of week'],
    ['0 0 * foo *', 6, '"foo" is no month'],
    ['1,,2 * * * *', 2, 'a value is missing'],
    ['1,99 * * * *', 2, '"99" is no minute'],
    ['5/15 * * * *', 0, 'starts but does not end'],
    ['*/0 * * * *', 0, 'a step'],
    ['*/61 * * * *', 0, 'a step'],
    ['0 22-2 * * *', 2, 'goes backwards'],
    ['0 0 L * *', 4, 'no day of month'],
    ['0 0 * * 5L', 8, 'no day of week'],
    ['0 0 * * 5#2', 8, 'not understood'],
    ['0 0 ? * *', 4, 'not understood'],
    ['-1 * * * *', 0, 'not understood'],
    ['1.5 * * * *', 0, 'not understood'],
    ['0 0 30 2 *', 4, 'no such date'],
    ['0 0 31 4,6,9,11 *', 4, 'no such date'],
    ['0 0 30,31 feb *', 4, 'no such date'],
  ])('%j is refused at %j: %s', (text, offset, words) => {
    const read = readCron(text);
    expect(read.ok ? [] : read.problems.map((one) => one.offset)).toEqual([offset]);
    expect(read.ok ? '' : read.problems[0]?.problem).toContain(words);
  });

  it('with three mistakes reports three', () => {
    const read = readCron('61 25 * 13 *');
    expect(read.ok ? [] : read.problems.map((one) => one.offset)).toEqual([0, 3, 8]);
  });

  it('says what to write instead', () => {
    const hints = ['@Daily', '5/15 * * * *', '0 22-2 * * *', '0 0 * * fri-mon'].map((text) => {
      const read = readCron(text);
      return read.ok ? undefined : read.problems[0]?.hint;
    });
    expect(hints).toEqual(['write "0 0 * * *"', 'write "5-59/15"', 'write "22-23,0-2"', 'write "5-6,0-1"']);
  });
});

describe('a time zone', () => {
  it('is what the program knows', () => {
    expect(['Europe/Vienna', 'UTC', 'Asia/Kolkata', 'Etc/GMT+5'].map(isTimeZone)).toEqual([true, true, true, true]);
    expect(['Europe/Wien', 'Mars', 'local', ' UTC'].map(isTimeZone)).toEqual([false, false, false, false]);
  });

  it('that is mistyped has a near one', () => {
    expect(nearestTimeZone('Europe/Viena')).toBe('Europe/Vienna');
    expect(nearestTimeZone('America/NewYork')).toBe('America/New_York');
    expect(nearestTimeZone('tokyo')).toBe('Asia/Tokyo');
    expect(nearestTimeZone('nowhere at all')).toBeUndefined();
  });
});
