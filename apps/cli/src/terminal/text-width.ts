/** First and last code point of what takes two columns (East Asian Width W and F, and emoji), in order. */
const WIDE: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f], [0x231a, 0x231b], [0x2329, 0x232a], [0x23e9, 0x23ec], [0x25fd, 0x25fe], [0x2614, 0x2615],
  [0x26a1, 0x26a1], [0x2705, 0x2705], [0x274c, 0x274c], [0x2753, 0x2755], [0x2795, 0x2797], [0x2b50, 0x2b50],
  [0x2e80, 0x303e], [0x3041, 0x33ff], [0x3400, 0x4dbf], [0x4e00, 0xa4cf], [0xa960, 0xa97c], [0xac00, 0xd7a3],
  [0xf900, 0xfaff], [0xfe30, 0xfe6f], [0xff00, 0xff60], [0xffe0, 0xffe6], [0x1f004, 0x1f004], [0x1f0cf, 0x1f0cf],
  [0x1f18e, 0x1f18e], [0x1f191, 0x1f19a], [0x1f1e6, 0x1f202], [0x1f210, 0x1f23b], [0x1f240, 0x1f265], [0x1f300, 0x1f64f],
  [0x1f680, 0x1f6ff], [0x1f7e0, 0x1f7eb], [0x1f900, 0x1faff], [0x20000, 0x3fffd],
];
const EMOJI_STYLE = '\ufe0f';
 
const COLOUR = /\u001b\[[0-9;]*m/g;
/**
 * Each character stands alone and takes one column: Latin, Greek, Cyrillic, punctuation, arrows, boxes and check marks. To tell others apart Node loads
 * 20 ms of tables, a sixth of a short command.
 */
const PLAIN = /^[\u0020-\u007e\u00a0-\u00ac\u00ae-\u02ff\u0370-\u0482\u048a-\u052f\u2010-\u2027\u2030-\u205e\u2190-\u2319\u2500-\u25fc\u2713-\u2718]*$/;

let graphemes: Intl.Segmenter | undefined;

/** How many columns a line takes in a terminal. Colours take none. */
export function textWidth(text: string): number {
  const bare = text.includes('\u001b') ? text.replace(COLOUR, '') : text;
  if (PLAIN.test(bare)) return bare.length;
  let width = 0;
  for (const cluster of split(bare)) width += clusterWidth(cluster);
  return width;
}

/** The start of a line that fits into so many columns, with `…` where something was cut. Colours are closed. */
export function truncate(text: string, columns: number): string {
  if (textWidth(text) <= columns) return text;
  if (columns <= 0) return '';
  let width = 0;
  let kept = '';
  let coloured = false;
  for (const part of text.split(/(\u001b\[[0-9;]*m)/)) {
    if (part.startsWith('\u001b[')) {
      kept += part;
      coloured = true;
      continue;
    }
    for (const cluster of split(part)) {
      width += clusterWidth(cluster);
      if (width > columns - 1) return `${kept}…${coloured ? '\u001b[0m' : ''}`;
      kept += cluster;
    }
  }
  return kept;
}

/** The text with spaces behind it, up to so many columns. */
export function padTo(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - textWidth(text)));
}

function* split(text: string): Generator<string> {
  if (PLAIN.test(text)) {
    yield* text;
    return;
  }
  graphemes ??= new Intl.Segmenter(undefined, { granularity: 'grapheme' });
  for (const { segment } of graphemes.segment(text)) yield segment;
}

function clusterWidth(cluster: string): number {
  const code = cluster.codePointAt(0) ?? 0;
  if (code < 0x20 || (code >= 0x7f && code < 0xa0)) return 0;
  if (/^\p{Mark}|^[\u200b-\u200d\ufeff]/u.test(cluster)) return 0;
  if (cluster.includes(EMOJI_STYLE)) return 2;
  return WIDE.some(([first, last]) => code >= first && code <= last) ? 2 : 1;
}
