import { AppError } from '@kb-labs/errors';

/** The value of an option that was given, both ends included. Fails with `USAGE`. */
export function checkRange(name: string, value: number | undefined, { from, to }: { from: number; to: number }): number | undefined {
  if (value === undefined || (value >= from && value <= to)) return value;
  throw new AppError('USAGE', { problem: `--${name} goes from ${String(from)} to ${String(to)}, it cannot be ${String(value)}` });
}
