import type { ByteRedactor } from '@kb-labs/ports';

import type { FormFinder } from './find-forms.js';
import { REDACTED } from './redact-values.js';

const MARK = new TextEncoder().encode(REDACTED);
const NOTHING = new Uint8Array(0);

interface Found {
  start: number;
  readonly end: number;
  /** Its mark was handed on already. */
  readonly marked: boolean;
}

/**
 * Replaces what a finder finds in a stream by `***`. Held back is only what may be the beginning of a form; what overlaps is
 * replaced as one.
 */
export function redactBytes(finder: FormFinder): ByteRedactor {
  let state = 0;
  /** The bytes that are held back, in which `found` counts. */
  let held: Uint8Array = NOTHING;
  let found: Found[] = [];

  /** Hands on everything before `safe`. */
  const handOn = (bytes: Uint8Array, safe: number): Uint8Array => {
    const parts: Uint8Array[] = [];
    let from = 0;
    for (const { start, end, marked } of found) {
      if (start >= safe) break;
      if (start > from) parts.push(bytes.subarray(from, start));
      if (!marked) parts.push(MARK);
      from = Math.min(end, safe);
    }
    if (from < safe) parts.push(bytes.subarray(from, safe));
    // A copy, which the slice of a buffer is not: the chunk may be given up.
    held = Uint8Array.from(bytes.subarray(safe));
    found = found.filter(({ end }) => end > safe).map((one) => ({ start: Math.max(0, one.start - safe), end: one.end - safe, marked: one.marked || one.start < safe }));
    return Buffer.concat(parts);
  };

  const take = (length: number, end: number): void => {
    let start = end - length;
    let marked = false;
    for (let last = found.at(-1); last !== undefined && last.end > start; last = found.at(-1)) {
      start = Math.min(start, last.start);
      marked ||= last.marked;
      found.pop();
    }
    found.push({ start, end, marked });
  };

  return {
    push: (chunk) => {
      const before = held.length;
      const bytes = before === 0 ? chunk : Buffer.concat([held, chunk]);
      for (let at = before; at < bytes.length; at += 1) {
        if (state === 0) {
          at = finder.firstStart(bytes, at);
          if (at === bytes.length) break;
        }
        state = finder.step(state, bytes[at] ?? 0);
        const length = finder.found[state] ?? 0;
        if (length > 0) take(length, at + 1);
      }
      return handOn(bytes, bytes.length - (finder.depth[state] ?? 0));
    },
    end: () => {
      const bytes = held;
      const rest = handOn(bytes, bytes.length);
      state = 0;
      return rest;
    },
  };
}
