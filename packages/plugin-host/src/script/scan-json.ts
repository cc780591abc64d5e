import { LIMITS } from '@kb-labs/contracts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** The shortest whole number that may be past 2^53. */
const INEXACT_DIGITS = 16;
/** Arguments stand around a value. */
const MESSAGE_DEPTH = LIMITS.valueDepth + 8;

/**
 * Why JSON text (UTF-8) should not be parsed, or `undefined`: it nests deeper than `LIMITS.valueDepth` or holds more than
 * `LIMITS.outputValues`, for which a parser would take any time and many times the memory of the text; or a whole number
 * past 2^53, which would silently become another one. Whether it is JSON at all is the parser's to say.
 */
export function scanJson(text: Uint8Array): string | undefined {
  return scan(text, { depth: LIMITS.valueDepth, values: LIMITS.outputValues, inexact: 'refused' });
}

/** The same of what code of the other side of a pipe has written: numbers are as good there as here, and arguments stand around a value. */
export function scanMessage(text: Uint8Array): string | undefined {
  // Most are too short for it: each level takes two bytes, and a value one.
  return text.length < 2 * MESSAGE_DEPTH ? undefined : scan(text, { depth: MESSAGE_DEPTH, values: LIMITS.outputValues + 1_024, inexact: 'accepted' });
}

interface Bounds {
  readonly depth: number;
  readonly values: number;
  readonly inexact: 'refused' | 'accepted';
}

function scan(text: Uint8Array, bounds: Bounds): string | undefined {
  let depth = 0;
  let values = 1;
  for (let at = 0; at < text.length; at += 1) {
    switch (text[at]) {
      case QUOTE:
        at = endOfText(text, at + 1);
        break;
      case 0x5b: // [
      case 0x7b: // {
        depth += 1;
        values += 1;
        if (depth > bounds.depth) return `this is nested deeper than ${String(bounds.depth)} levels`;
        break;
      case 0x5d: // ]
      case 0x7d: // }
        depth -= 1;
        break;
      case 0x2c: // ,
        values += 1;
        break;
      default:
        if (!isDigit(text[at]) || bounds.inexact === 'accepted') break;
        if (isInexact(text, at)) return 'a whole number past 2^53 loses its last digits: write it as a text';
        at = endOfNumber(text, at) - 1;
    }
    if (values > bounds.values) return `this holds more than ${String(bounds.values)} values: write it to a file of $KB_ARTIFACTS`;
  }
  return undefined;
}

/** Of the quote that ends the text which begins at `from`: the first one behind an even number of backslashes. */
function endOfText(text: Uint8Array, from: number): number {
  for (let start = from; ; ) {
    const quote = text.indexOf(QUOTE, start);
    if (quote < 0) return text.length;
    let first = quote;
    while (first > start && text[first - 1] === BACKSLASH) first -= 1;
    if ((quote - first) % 2 === 0) return quote;
    start = quote + 1;
  }
}

function endOfNumber(text: Uint8Array, from: number): number {
  let end = from + 1;
  while (isDigit(text[end]) || isNumberMark(text[end])) end += 1;
  return end;
}

/** A number with a fraction or an exponent is meant to be inexact. */
function isInexact(text: Uint8Array, from: number): boolean {
  const end = endOfNumber(text, from);
  if (end - from < INEXACT_DIGITS) return false;
  const number = text.subarray(from, end);
  return number.every(isDigit) && !Number.isSafeInteger(Number(Buffer.from(number).toString('latin1')));
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}

/** `.`, `e`, `E`, `+` or `-`. */
function isNumberMark(byte: number | undefined): boolean {
  return byte === 0x2e || byte === 0x65 || byte === 0x45 || byte === 0x2b || byte === 0x2d;
}
