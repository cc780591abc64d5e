import type { SkipReason } from './passed-over.js';

/** A line of this length was not written by a person. */
const LINE_CHARS = 20_000;
/** Nor lines that are so long on average. */
const AVERAGE_CHARS = 400;
const AVERAGE_FROM_CHARS = 4_000;

export type Text = { readonly ok: true; readonly text: string } | { readonly ok: false; readonly reason: SkipReason };

/** The text of a file, or why there is none that can be searched and cited by line. */
export function toText(bytes: Uint8Array): Text {
  if (bytes.includes(0)) return { ok: false, reason: 'binary' };
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return { ok: false, reason: 'not-text' };
  }
  if (text.trim() === '') return { ok: false, reason: 'empty' };
  return looksMinified(text) ? { ok: false, reason: 'minified' } : { ok: true, text };
}

function looksMinified(text: string): boolean {
  let lines = 0;
  for (let start = 0; start <= text.length; lines += 1) {
    const end = text.indexOf('\n', start);
    const after = end < 0 ? text.length : end;
    if (after - start > LINE_CHARS) return true;
    start = after + 1;
  }
  return text.length > AVERAGE_FROM_CHARS && text.length / lines > AVERAGE_CHARS;
}
