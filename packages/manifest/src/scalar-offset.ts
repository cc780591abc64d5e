import type { ScalarNode } from './located.js';

/**
 * Where the UTF-16 offset `offset` inside the value of a scalar stands in the text.
 * Exact for every style as long as the character at `offset` is not white space that folding made or removed.
 */
export function offsetInText(text: string, scalar: ScalarNode, offset: number): number {
  if (typeof scalar.value !== 'string') return scalar.start;
  switch (scalar.style) {
    case 'plain':
    case 'single':
    case 'literal':
    case 'folded':
      return scalar.start + byVisibleCharacters(scalar.value, offset, rawBody(text, scalar));
    case 'double':
    case 'json':
      return byEscapes(text, scalar, offset);
  }
}

interface RawBody {
  readonly raw: string;
  /** Where the body starts in `raw`: behind the quote, or behind the header line of a block. */
  readonly from: number;
  readonly doubledQuotes: boolean;
}

function rawBody(text: string, scalar: ScalarNode): RawBody {
  const raw = text.slice(scalar.start, scalar.end);
  if (scalar.style === 'single') return { raw, from: 1, doubledQuotes: true };
  if (scalar.style === 'plain') return { raw, from: 0, doubledQuotes: false };
  const headerEnd = raw.indexOf('\n');
  return { raw, from: headerEnd === -1 ? raw.length : headerEnd + 1, doubledQuotes: false };
}

/**
 * Folding and indentation change white space only, so the n-th visible character of the value is the n-th of the text;
 * white space is counted on from the visible character before it, up to the end of that line.
 */
function byVisibleCharacters(value: string, offset: number, body: RawBody): number {
  let before = 0;
  let lastVisible = -1;
  for (let at = 0; at < offset && at < value.length; at += 1) {
    if (isSpace(value[at])) continue;
    before += 1;
    lastVisible = at;
  }
  const onVisible = offset < value.length && !isSpace(value[offset]);
  const wanted = onVisible ? before : before - 1;
  let seen = 0;
  let at = body.from;
  for (; at < body.raw.length; at += 1) {
    if (isSpace(body.raw[at])) continue;
    if (seen === wanted) break;
    seen += 1;
    if (body.doubledQuotes && body.raw[at] === "'") at += 1;
  }
  if (onVisible || wanted < 0) return Math.min(at, body.raw.length);
  const width = body.doubledQuotes && body.raw[at] === "'" ? 2 : 1;
  const lineEnd = body.raw.indexOf('\n', at);
  return Math.min(at + width + (offset - lastVisible - 1), lineEnd === -1 ? body.raw.length : lineEnd);
}

/** Walks a double-quoted text with its escapes; a line break in it, with the space around, stands for one character. */
function byEscapes(text: string, scalar: ScalarNode, offset: number): number {
  let produced = 0;
  let at = scalar.start + 1;
  const end = scalar.end - 1;
  while (at < end) {
    const unit = unitAt(text, at);
    if (produced + unit.units > offset) return at;
    produced += unit.units;
    at += unit.length;
  }
  return Math.max(end, scalar.start);
}

interface Unit {
  /** Characters of the text. */
  readonly length: number;
  /** UTF-16 units of the value they stand for. */
  readonly units: number;
}

const LINE_FOLD = /[ \t]*\r?\n(?:[ \t]*\r?\n)*[ \t]*/y;
const ESCAPED_BREAK = /\\\r?\n[ \t]*/y;
const HEX_LENGTH: Readonly<Record<string, number>> = { x: 4, u: 6, U: 10 };

function unitAt(text: string, at: number): Unit {
  if (text[at] === '\\') {
    const escapedBreak = matchLength(ESCAPED_BREAK, text, at);
    if (escapedBreak > 0) return { length: escapedBreak, units: 0 };
    const length = HEX_LENGTH[text[at + 1] ?? ''] ?? 2;
    const beyond = length === 10 && Number.parseInt(text.slice(at + 2, at + 10), 16) > 0xffff;
    return { length, units: beyond ? 2 : 1 };
  }
  if (isSpace(text[at])) {
    const fold = matchLength(LINE_FOLD, text, at);
    if (fold > 0) {
      const breaks = text.slice(at, at + fold).split('\n').length - 1;
      return { length: fold, units: Math.max(1, breaks - 1) };
    }
  }
  return { length: 1, units: 1 };
}

function matchLength(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0].length ?? 0;
}

function isSpace(char: string | undefined): boolean {
  return char === ' ' || char === '\n' || char === '\t' || char === '\r';
}
