/** A duration as people write it: `500ms`, `30s`, `1.5m`, `2h`, or a number of seconds. */
export type Duration = number | string;

export const DURATION_TEXT = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/;
const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;

/** Milliseconds of a written duration, rounded to a whole one. `undefined` when the text is not a duration. */
export function parseDuration(written: Duration): number | undefined {
  if (typeof written === 'number') return Math.round(written * 1_000);
  const match = DURATION_TEXT.exec(written);
  if (match === null) return undefined;
  const unit = match[2] as keyof typeof UNIT_MS;
  return Math.round(Number(match[1]) * UNIT_MS[unit]);
}

/** A duration for people: `85ms`, `1.2s`, `3m 05s`, `2h 10m`. */
export function formatDuration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)}ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)}s`;
  const totalSeconds = Math.round(ms / 1_000);
  if (totalSeconds < 3_600) return `${Math.floor(totalSeconds / 60)}m ${pad(totalSeconds % 60)}s`;
  return `${Math.floor(totalSeconds / 3_600)}h ${pad(Math.floor((totalSeconds % 3_600) / 60))}m`;
}

function pad(value: number): string {
  return String(value).padStart(2, '0');
}
