import { PASSAGE_CHARS, PASSAGE_LINES } from './passage.js';

export interface LineRange {
  /** From 0 on. */
  readonly from: number;
  /** The line after the last one. */
  readonly to: number;
}

export interface Packing {
  /** A passage begins here by preference, once the one before has `leastLines`. */
  readonly opens: (line: number) => boolean;
  readonly leastLines: number;
}

/** Divides lines into ranges of at most `PASSAGE_LINES` lines and, but for a single longer line, `PASSAGE_CHARS` characters. */
export function packLines(lines: readonly string[], { from, to }: LineRange, { opens, leastLines }: Packing): LineRange[] {
  const ranges: LineRange[] = [];
  let start = from;
  let chars = 0;
  /** After the last empty line: where a range that becomes too long is cut. */
  let pause = from;
  for (let at = from; at < to; at += 1) {
    const length = (lines[at] ?? '').length + 1;
    const tooLong = at - start >= PASSAGE_LINES || (at > start && chars + length > PASSAGE_CHARS);
    const cut = tooLong ? (pause > start + leastLines ? pause : at) : opens(at) && at - start >= leastLines ? at : undefined;
    if (cut !== undefined) {
      ranges.push({ from: start, to: cut });
      start = cut;
      chars = 0;
      for (let kept = cut; kept < at; kept += 1) chars += (lines[kept] ?? '').length + 1;
    }
    chars += length;
    if ((lines[at] ?? '').trim() === '') pause = at + 1;
  }
  ranges.push({ from: start, to });
  return ranges.map((range) => withoutEmptyEnds(lines, range)).filter((range) => range.from < range.to);
}

function withoutEmptyEnds(lines: readonly string[], range: LineRange): LineRange {
  let { from, to } = range;
  while (from < to && (lines[from] ?? '').trim() === '') from += 1;
  while (to > from && (lines[to - 1] ?? '').trim() === '') to -= 1;
  return { from, to };
}
