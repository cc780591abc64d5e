import type { Stats } from 'node:fs';

/** What was written so shortly before it was looked at can change again without another time. */
const SETTLED_MS = 2_000;

/** Whether it is what it was, as far as its identity, size and times say. */
export function isSame(a: Stats, b: Stats): boolean {
  return a.ino === b.ino && a.dev === b.dev && a.size === b.size && a.mtimeMs === b.mtimeMs && a.ctimeMs === b.ctimeMs;
}

/** Whether the next change of it will have another time. */
export function isSettled({ mtimeMs, ctimeMs }: Stats, now: number): boolean {
  return now - Math.max(mtimeMs, ctimeMs) > SETTLED_MS;
}
