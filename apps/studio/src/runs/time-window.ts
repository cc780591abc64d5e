import type { RunsSearch } from '../app/searches.js';

const HOUR = 3_600_000;
/** What can be chosen with one click. */
export const WINDOWS = [
  { value: '1h', label: 'Last hour', ms: HOUR },
  { value: '24h', label: 'Last 24 hours', ms: 24 * HOUR },
  { value: '7d', label: 'Last 7 days', ms: 7 * 24 * HOUR },
  { value: '30d', label: 'Last 30 days', ms: 30 * 24 * HOUR },
] as const;

export function windowFrom(value: string, now: number): Pick<RunsSearch, 'since'> {
  const found = WINDOWS.find((each) => each.value === value);
  return found === undefined ? {} : { since: new Date(now - found.ms).toISOString() };
}

/** As a field for date and time takes it: local, without seconds. */
export function toField(instant: string | undefined): string {
  if (instant === undefined) return '';
  const at = new Date(instant);
  const two = (number: number): string => String(number).padStart(2, '0');
  return `${String(at.getFullYear()).padStart(4, '0')}-${two(at.getMonth() + 1)}-${two(at.getDate())}T${two(at.getHours())}:${two(at.getMinutes())}`;
}

export function fromField(text: string): string | undefined {
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : new Date(at).toISOString();
}
