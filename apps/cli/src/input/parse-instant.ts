import { parseDuration } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';

const ISO = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})?)?$/;
const DAY_MS = 24 * 3_600_000;

/** A time as people write it, in milliseconds since the epoch: ISO 8601, or an age such as `30m`, `2h` or `7d`. Throws `USAGE`. */
export function parseInstant(option: string, written: string, now: number): number {
  const days = /^(\d+)d$/.exec(written)?.[1];
  const age = days === undefined ? parseDuration(written) : Number(days) * DAY_MS;
  if (age !== undefined) return now - age;
  const instant = ISO.test(written) ? Date.parse(written) : Number.NaN;
  if (Number.isNaN(instant)) {
    throw new AppError('USAGE', { problem: `${option} cannot be "${written}"` }, { hint: 'write a time such as 2026-01-31T09:00:00Z, or an age such as 30m, 2h or 7d' });
  }
  return instant;
}
