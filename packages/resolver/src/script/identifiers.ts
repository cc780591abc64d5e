import type { Place, Placing, Refusal } from './placing.js';

const IDENTIFIER = /[\p{ID_Continue}$\u200c\u200d\\]/u;

const GLUED: Refusal = {
  message: 'An expression cannot touch a name, a number or another expression: the two would be read as one word.',
  hint: () => 'Put an operator between the two: "a" + ${{ … }}.',
};

/** Refuses a place that touches an identifier or another place; gives whether it did. */
export function refuseGlued(placing: Placing, place: Place): boolean {
  const before = placing.text.slice(Math.max(0, place.start - 2), place.start);
  const after = placing.text.slice(place.end, place.end + 2);
  const touches =
    IDENTIFIER.test([...before].at(-1) ?? ' ') ||
    IDENTIFIER.test([...after][0] ?? ' ') ||
    placing.covering(place.start - 1) !== undefined ||
    placing.startingAt(place.end) !== undefined;
  if (touches) placing.refuse(place.start, place.end, GLUED);
  return touches;
}

/** Length of the escape at `at`: a backslash takes a line break of two characters as one. */
export function escapeLength(text: string, at: number): number {
  return text.startsWith('\r\n', at + 1) ? 3 : 2;
}
