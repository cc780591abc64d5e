import { AppError } from '@kb-labs/errors';

/** How many rows a page of a list has: 1 to 200, 20 when left out. Fails with `USAGE`. */
export function pageLimit(limit: number | undefined): number {
  if (limit !== undefined && (!Number.isInteger(limit) || limit < 1 || limit > 200)) throw new AppError('USAGE', { problem: 'a limit is a whole number from 1 to 200' });
  return limit ?? 20;
}
