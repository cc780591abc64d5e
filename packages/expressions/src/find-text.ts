import type { Work } from './work.js';

/**
 * Whether `text` holds `part`, in time linear in both. The runtime's own search is used for short parts only: for long
 * ones it can compare most of the part again at every place.
 */
export function includesText(text: string, part: string, work: Work): boolean {
  work.characters(text.length);
  if (part.length <= 32) return text.includes(part);
  if (part.length > text.length) return false;
  work.characters(3 * (text.length + part.length));
  return includesByPrefixes(text, part);
}

/** Knuth, Morris and Pratt, "Fast pattern matching in strings", 1977. */
function includesByPrefixes(text: string, part: string): boolean {
  const borders = bordersOf(part);
  let matched = 0;
  for (let at = 0; at < text.length; at += 1) {
    matched = extend(part, borders, matched, text.charCodeAt(at));
    if (matched === part.length) return true;
  }
  return false;
}

/** Per length of a prefix, the length of its longest proper prefix that is also its suffix. */
function bordersOf(part: string): Int32Array {
  const borders = new Int32Array(part.length + 1);
  let matched = 0;
  for (let at = 1; at < part.length; at += 1) {
    matched = extend(part, borders, matched, part.charCodeAt(at));
    borders[at + 1] = matched;
  }
  return borders;
}

function extend(part: string, borders: Int32Array, matched: number, unit: number): number {
  let length = matched;
  while (length > 0 && part.charCodeAt(length) !== unit) length = borders[length] ?? 0;
  return part.charCodeAt(length) === unit ? length + 1 : 0;
}
