export const SIZE = /^(\d{1,9}(?:\.\d{1,3})?) ?(KiB|MiB|GiB|TiB)$/;
const UNITS = { KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3, TiB: 1024 ** 4 } as const;

/** Bytes of a size as written: a whole number of them, or `500MiB`, `1.5GiB`. `undefined` when it is none. */
export function parseSize(written: number | string): number | undefined {
  if (typeof written === 'number') return Number.isSafeInteger(written) && written >= 0 ? written : undefined;
  const [, count, unit] = SIZE.exec(written) ?? [];
  return count === undefined || unit === undefined ? undefined : Math.round(Number(count) * UNITS[unit as keyof typeof UNITS]);
}
