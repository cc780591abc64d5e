/** A list or text that was made to fit, and how many of its parts did not. */
export interface Fitted<T> {
  readonly value: T;
  readonly left: number;
}

/** The first items of a list whose JSON takes at most `bytes`. */
export function fitList<T>(items: readonly T[], bytes: number): Fitted<T[]> {
  let used = 2;
  const kept: T[] = [];
  for (const item of items) {
    used += jsonBytes(item) + 1;
    if (used > bytes) break;
    kept.push(item);
  }
  return { value: kept, left: items.length - kept.length };
}

/**
 * The files of a patch whose JSON takes at most `bytes`. A file is kept whole or left out: half a hunk is
 * no patch. One that does not fit makes room for the smaller ones after it.
 */
export function fitPatch(patch: string, bytes: number): Fitted<string> {
  if (jsonBytes(patch) <= bytes) return { value: patch, left: 0 };
  let used = 2;
  let left = 0;
  const kept: string[] = [];
  for (const section of sectionsOf(patch)) {
    const size = jsonBytes(section) - 2;
    if (used + size > bytes) {
      left += 1;
      continue;
    }
    used += size;
    kept.push(section);
  }
  return { value: kept.join(''), left };
}

/** Content lines of a patch start with a space, `+`, `-` or `\`: `diff --` at a line's start always opens a file. */
function* sectionsOf(patch: string): Generator<string> {
  let start = 0;
  for (;;) {
    const next = patch.indexOf('\ndiff --', start);
    if (next === -1) break;
    yield patch.slice(start, next + 1);
    start = next + 1;
  }
  if (start < patch.length) yield patch.slice(start);
}

function jsonBytes(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}
