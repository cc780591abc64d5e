import { parseDuration } from '@kb-labs/contracts';

const DAY_MS = 24 * 3_600_000;
const DAYS = /^(\d{1,5})d$/;

/** Milliseconds of an age as written: days (`30d`), or a duration as in documents. `undefined` when it is none. */
export function parseAge(written: number | string): number | undefined {
  const days = typeof written === 'string' ? DAYS.exec(written)?.[1] : undefined;
  return days === undefined ? parseDuration(written) : Number(days) * DAY_MS;
}
