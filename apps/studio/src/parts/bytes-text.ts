const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** A number of bytes in words: `512 B`, `1.5 KiB`, `20 MiB`. */
export function bytesText(bytes: number): string {
  let [size, unit] = [bytes, 0];
  while (size >= 1_024 && unit < UNITS.length - 1) {
    size /= 1_024;
    unit += 1;
  }
  return `${unit === 0 || size >= 10 ? String(Math.round(size)) : size.toFixed(1)} ${UNITS[unit] ?? ''}`;
}
