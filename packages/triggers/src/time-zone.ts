import { nearestName } from '@kb-labs/errors';

/** The zone of a schedule that names none: the same on every machine. */
export const DEFAULT_TIME_ZONE = 'UTC';

/** Whether the time zone database of this program knows a name. */
export function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/** The zone that was perhaps meant. Only those that begin like one of its parts are compared. */
export function nearestTimeZone(name: string): string | undefined {
  const place = name.split('/').at(-1) ?? name;
  const letter = place.slice(0, 1).toLowerCase();
  const zones = Intl.supportedValuesOf('timeZone').filter((zone) => (zone.split('/').at(-1) ?? '').toLowerCase().startsWith(letter));
  return nearestName(name, zones) ?? zones.find((zone) => zone.toLowerCase().endsWith(`/${place.toLowerCase()}`));
}
