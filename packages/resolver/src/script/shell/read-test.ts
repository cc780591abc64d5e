import { lost, matchHere, type ShellReader } from './reader.js';
import { readWord, type Word } from './read-word.js';
import { NAME, NUMERIC_TEST } from './shell-refusals.js';

const NUMERIC = new Set(['-eq', '-ne', '-lt', '-le', '-gt', '-ge']);

/** Reads `[[ … ]]`; `reader.at` is after the opening brackets. Bash evaluates numbers and the names given to `-v`. */
export function readTest(reader: ShellReader): void {
  let before: Word | undefined;
  let operator: string | undefined;
  for (;;) {
    reader.at += matchHere(reader, /(?:[ \t\n]|\\\n)+/y)?.[0].length ?? 0;
    if (reader.at >= reader.limit || reader.pending.length > 0) lost(reader, ']] is missing');
    const end = matchHere(reader, /\]\](?=[\s;&|<>()]|$)/y);
    if (end !== null) break;
    const sign = matchHere(reader, /&&|\|\||[()]|[<>](?!\()|!(?=\s)/y)?.[0];
    if (sign !== undefined) {
      reader.at += sign.length;
      before = undefined;
      operator = undefined;
      continue;
    }
    const word = readWord(reader, { regex: operator === '=~' });
    const text = word.literal ? word.text : '';
    if (operator === '-v' || operator === '-R') reader.placing.refuse(word.start, word.end, NAME);
    if (operator !== undefined && NUMERIC.has(operator)) reader.placing.refuse(word.start, word.end, NUMERIC_TEST);
    if (NUMERIC.has(text) && before !== undefined) reader.placing.refuse(before.start, before.end, NUMERIC_TEST);
    before = word;
    operator = text;
  }
  reader.at += 2;
}
