import { formatDuration } from '@kb-labs/contracts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** `5s ago`, `3m ago`, `2h ago`, `4d ago`. */
export function formatAge(iso: string, now: number): string {
  const age = Math.max(0, now - Date.parse(iso));
  if (age < MINUTE) return `${String(Math.floor(age / 1_000))}s ago`;
  if (age < HOUR) return `${String(Math.floor(age / MINUTE))}m ago`;
  if (age < DAY) return `${String(Math.floor(age / HOUR))}h ago`;
  return `${String(Math.floor(age / DAY))}d ago`;
}

/** How long something took, or has taken so far; nothing when it has not started. */
export function formatElapsed(span: { startedAt: string | null; finishedAt: string | null }, now: number): string {
  if (span.startedAt === null) return '';
  const end = span.finishedAt === null ? now : Date.parse(span.finishedAt);
  const elapsed = Math.max(0, end - Date.parse(span.startedAt));
  // What still runs is shown in whole seconds, so that a screen need not change more often.
  return formatDuration(span.finishedAt === null ? Math.floor(elapsed / 1_000) * 1_000 : elapsed);
}
