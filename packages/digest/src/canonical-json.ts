import type { JsonValue } from '@kb-labs/contracts';
import canonicalize from 'canonicalize';

import { assertJson } from './assert-json.js';

/**
 * The one text of a JSON value by RFC 8785: keys in the order of their UTF-16 units, no white space, numbers and strings
 * as ECMAScript writes them. Equal values give equal text, whatever order or notation they were written in.
 *
 * Throws a `TypeError` that names the path of whatever JSON cannot hold: `undefined`, functions, symbols, bigints,
 * objects that are not plain, `NaN` and infinities, holes in arrays, lone surrogates in strings or keys, cycles.
 */
export function canonicalJson(value: JsonValue): string {
  assertJson(value);
  const text = canonicalize(value);
  if (text === undefined) throw new TypeError('$ has no JSON form');
  return text;
}
