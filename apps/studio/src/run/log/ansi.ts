import Anser from 'anser';

import { overwritten } from './plain-text.js';
import type { Ranges } from './search-log.js';

/** A piece of a line that looks the same all along. */
export interface Piece {
  readonly text: string;
  /** Names of classes: `fg-red`, `bg-bright-blue`, `bold`. */
  readonly looks: readonly string[];
  /** Colours of the 256 and of all others, as `rgb(…)`. */
  readonly color?: string;
  readonly background?: string;
  readonly hit: boolean;
}

const RGB = /^\d{1,3}, ?\d{1,3}, ?\d{1,3}$/;
const DECORATIONS: ReadonlySet<string> = new Set(['bold', 'dim', 'italic', 'underline', 'strikethrough', 'reverse']);

/** A line as pieces, with what is looked for marked. `ranges` are places in its plain text. */
export function piecesOf(text: string, ranges: Ranges): readonly Piece[] {
  return marked(text.includes('\u001b') ? coloured(overwritten(text)) : [{ text: overwritten(text), looks: [], hit: false }], ranges);
}

function coloured(text: string): readonly Piece[] {
  return Anser.ansiToJson(withoutOtherCommands(text), { json: true, remove_empty: true, use_classes: true }).map(({ content, fg, bg, fg_truecolor, bg_truecolor, decorations }) => ({
    text: content,
    looks: [...lookOf('fg', fg), ...lookOf('bg', bg), ...decorations.filter((name) => DECORATIONS.has(name))],
    ...colour('color', fg, fg_truecolor),
    ...colour('background', bg, bg_truecolor),
    hit: false,
  }));
}

const OTHERS = /\u001b(?:\[[0-?]*[ -/]*[@-ln-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[ -/]*[0-Z\\^-~])/g;

function withoutOtherCommands(text: string): string {
  return text.replaceAll(OTHERS, '');
}

function lookOf(kind: 'fg' | 'bg', name: string | null): readonly string[] {
  const found = /^ansi-((?:bright-)?(?:black|red|green|yellow|blue|magenta|cyan|white))$/.exec(name ?? '')?.[1];
  return found === undefined ? [] : [`${kind}-${found}`];
}

function colour<Key extends string>(key: Key, name: string | null, trueColour: string | null): { readonly [Each in Key]?: string } {
  const [, palette] = /^ansi-palette-(\d{1,3})$/.exec(name ?? '') ?? [];
  const value = name === 'ansi-truecolor' && trueColour !== null ? trueColour : palette === undefined ? null : fromPalette(Number(palette));
  return value !== null && RGB.test(value) ? ({ [key]: `rgb(${value})` } as { readonly [Each in Key]?: string }) : {};
}

const LEVELS = [0, 95, 135, 175, 215, 255] as const;

/** Colours 16 to 255 as xterm has them: a cube of 6 × 6 × 6, then 24 greys. */
function fromPalette(index: number): string | null {
  if (index < 16 || index > 255) return null;
  if (index >= 232) return Array.from({ length: 3 }, () => String(8 + 10 * (index - 232))).join(', ');
  const at = index - 16;
  return [Math.floor(at / 36), Math.floor(at / 6) % 6, at % 6].map((level) => String(LEVELS[level] ?? 0)).join(', ');
}

function marked(pieces: readonly Piece[], ranges: Ranges): readonly Piece[] {
  if (ranges.length === 0) return pieces;
  const result: Piece[] = [];
  let at = 0;
  for (const piece of pieces) {
    const end = at + piece.text.length;
    let from = at;
    for (const [first, behind] of ranges) {
      if (behind <= from || first >= end) continue;
      const [start, stop] = [Math.max(first, from), Math.min(behind, end)];
      if (start > from) result.push({ ...piece, text: piece.text.slice(from - at, start - at) });
      result.push({ ...piece, text: piece.text.slice(start - at, stop - at), hit: true });
      from = stop;
    }
    if (from < end) result.push({ ...piece, text: piece.text.slice(from - at) });
    at = end;
  }
  return result;
}
