/** The zone of whoever looks. */
export const OWN_ZONE = new Intl.DateTimeFormat().resolvedOptions().timeZone;

const STYLE: Intl.DateTimeFormatOptions = { weekday: 'short', day: '2-digit', month: 'short', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' };

/** An instant (ISO 8601) as the clocks of a zone show it; in UTC where this browser does not know the zone. */
export function zonedTime(at: string, zone: string, locale?: string): string {
  const instant = new Date(at);
  try {
    return new Intl.DateTimeFormat(locale, { ...STYLE, timeZone: zone }).format(instant);
  } catch {
    return `${new Intl.DateTimeFormat(locale, { ...STYLE, timeZone: 'UTC' }).format(instant)} UTC`;
  }
}

/** What the clocks of another zone show at an instant: the day only where it is another one; `undefined` where they show the same. */
export function otherTime(at: string, zone: string, other: string, locale?: string): string | undefined {
  const [here, there] = [zonedTime(at, zone, 'en-GB'), zonedTime(at, other, 'en-GB')];
  if (here === there) return undefined;
  return here.slice(0, -TIME_LENGTH) === there.slice(0, -TIME_LENGTH) ? there.slice(-TIME_LENGTH) : zonedTime(at, other, locale);
}

/** Of `07:30`, where such a time ends. */
const TIME_LENGTH = 5;
