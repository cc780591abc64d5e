const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
] as const;

/** At most two units, the largest first: `1h 5m`, `12s`, `340ms`. */
export function durationText(ms: number): string {
  if (ms < 1_000) return `${String(Math.max(0, Math.round(ms)))}ms`;
  const first = UNITS.findIndex(([, size]) => ms >= size);
  const [unit, size] = UNITS[first] ?? UNITS[3];
  const [lessUnit, lessSize] = UNITS[first + 1] ?? ['', 0];
  const whole = Math.floor(ms / size);
  if (lessUnit === '') return ms < 10_000 ? `${(Math.floor(ms / 100) / 10).toFixed(1)}s` : `${String(whole)}s`;
  const rest = Math.floor((ms % size) / lessSize);
  return rest === 0 ? `${String(whole)}${unit}` : `${String(whole)}${unit} ${String(rest)}${lessUnit}`;
}

/** `in 5m` or `3h ago`; with the largest unit alone, `now` within a second. */
export function distanceText(at: number, now: number): string {
  const distance = Math.abs(at - now);
  if (distance < 1_000) return 'now';
  const [unit, size] = UNITS.find(([, each]) => distance >= each) ?? UNITS[3];
  const text = `${String(Math.floor(distance / size))}${unit}`;
  return at > now ? `in ${text}` : `${text} ago`;
}
