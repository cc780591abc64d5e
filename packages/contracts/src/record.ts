import { LIMITS } from './limits.js';

const KIND = /^[a-z-]{1,32}$/;

/** What is wrong with the name of a record or with its value as JSON; `undefined`: nothing. */
export function problemOfRecord(record: { readonly kind: string; readonly key: string; readonly json?: string }): string | undefined {
  const { kind, key, json } = record;
  if (!KIND.test(kind)) return `"${kind}" is no kind of records`;
  const bytes = utf8Bytes(key);
  if (bytes === 0 || bytes > LIMITS.recordKeyBytes || !key.isWellFormed()) return `a key of ${kind} has 1 to ${String(LIMITS.recordKeyBytes)} bytes of UTF-8`;
  if (json !== undefined && utf8Bytes(json) > LIMITS.recordBytes) return `${kind} ${key} has more than ${String(LIMITS.recordBytes)} bytes`;
  return undefined;
}

/** A span of keys in the order of their bytes; without an end it goes on to that of all keys. */
export interface KeySpan {
  readonly from?: { readonly key: string; readonly open: boolean };
  /** Never part of the span. */
  readonly to?: string;
}

/** The keys that a page of records is taken from. */
export function spanOfPage(page: { readonly prefix?: string; readonly after?: string; readonly descending?: boolean }): KeySpan {
  const { prefix = '', after, descending = false } = page;
  const end = endOfPrefix(prefix);
  if (after !== undefined && descending) {
    return { from: { key: prefix, open: false }, to: end === undefined || compareBytes(after, end) < 0 ? after : end };
  }
  const behind = after !== undefined && compareBytes(after, prefix) >= 0;
  return { from: behind ? { key: after, open: true } : { key: prefix, open: false }, ...(end === undefined ? {} : { to: end }) };
}

const LAST_CHARACTER = 0x10_ff_ff;
const BEFORE_SURROGATES = 0xd7_ff;
const AFTER_SURROGATES = 0xe0_00;

/** The first text behind all that begin with this one, in the order of bytes. `undefined`: there is none. */
function endOfPrefix(prefix: string): string | undefined {
  const characters = [...prefix];
  while (characters.length > 0) {
    const last = characters.pop()?.codePointAt(0) ?? LAST_CHARACTER;
    if (last === LAST_CHARACTER) continue;
    return characters.join('') + String.fromCodePoint(last === BEFORE_SURROGATES ? AFTER_SURROGATES : last + 1);
  }
  return undefined;
}

/** The order of UTF-8 is that of the characters' numbers; the order of JavaScript is not. */
function compareBytes(a: string, b: string): number {
  const [left, right] = [[...a], [...b]];
  for (let index = 0; index < Math.min(left.length, right.length); index += 1) {
    const difference = (left[index]?.codePointAt(0) ?? 0) - (right[index]?.codePointAt(0) ?? 0);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

function utf8Bytes(text: string): number {
  let bytes = 0;
  for (const character of text) {
    const number = character.codePointAt(0) ?? 0;
    bytes += number < 0x80 ? 1 : number < 0x8_00 ? 2 : number < 0x1_00_00 ? 3 : 4;
  }
  return bytes;
}
