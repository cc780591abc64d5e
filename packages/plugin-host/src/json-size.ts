import type { JsonValue } from '@kb-labs/contracts';

export interface JsonSize {
  /** Of the value as JSON text in UTF-8, as `JSON.stringify` writes it. */
  readonly bytes: number;
  /** Texts, numbers, truth values, nulls, lists and objects. */
  readonly values: number;
}

/** How large a value is, without writing it out: the text of a large one would take its memory a second time. */
export function jsonSize(value: JsonValue): JsonSize {
  if (typeof value !== 'object' || value === null) return { bytes: scalarBytes(value), values: 1 };
  let bytes = 2;
  let values = 1;
  let members = 0;
  const add = (member: JsonValue | undefined): void => {
    const size = jsonSize(member ?? null);
    bytes += size.bytes;
    values += size.values;
    members += 1;
  };
  if (isList(value)) for (const member of value) add(member);
  else {
    for (const name of Object.keys(value)) {
      bytes += textBytes(name) + 1;
      add(value[name]);
    }
  }
  return { bytes: bytes + Math.max(0, members - 1), values };
}

/** Of a text, number, truth value or null. */
export function scalarBytes(value: string | number | boolean | null): number {
  return typeof value === 'string' ? textBytes(value) : JSON.stringify(value).length;
}

/**
 * Of a text, its quotes included. Short escapes for quote, backslash and five control characters, `\u` and four digits for
 * the other ones and for half of a surrogate pair (ECMA-262, QuoteJSONString); UTF-8 for the rest (RFC 3629).
 */
export function textBytes(text: string): number {
  let bytes = 2;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit < 0x80) bytes += unit < 0x20 ? (SHORT_ESCAPES.has(unit) ? 2 : 6) : unit === QUOTE || unit === BACKSLASH ? 2 : 1;
    else if (unit < 0x800) bytes += 2;
    else if (unit < 0xd800 || unit > 0xdfff) bytes += 3;
    else if (unit < 0xdc00 && isLowHalf(text.charCodeAt(at + 1))) {
      bytes += 4;
      at += 1;
    } else bytes += 6;
  }
  return bytes;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** Backspace, tabulator, line feed, form feed, carriage return. */
const SHORT_ESCAPES: ReadonlySet<number> = new Set([0x08, 0x09, 0x0a, 0x0c, 0x0d]);

function isLowHalf(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}

function isList(value: object): value is readonly JsonValue[] {
  return Array.isArray(value);
}
