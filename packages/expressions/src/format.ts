import { LIMITS, type JsonValue } from '@kb-labs/contracts';

import { toText } from './coerce.js';
import type { Work } from './work.js';

/** `format`: `{0}` stands for the first argument after the pattern; `{{` and `}}` for braces. */
export function formatText(pattern: string, args: readonly JsonValue[], work: Work): string {
  const pieces: string[] = [];
  let length = 0;
  const put = (piece: string): void => {
    work.elements(1);
    length += piece.length;
    if (length > LIMITS.valueBytes) work.tooLong();
    pieces.push(piece);
  };
  const brace = /[{}]/g;
  let at = 0;
  for (let match = brace.exec(pattern); match !== null; match = brace.exec(pattern)) {
    put(pattern.slice(at, match.index));
    if (pattern.charAt(match.index + 1) === match[0]) {
      put(match[0]);
      at = match.index + 2;
    } else {
      const end = endOfNumber(pattern, match.index + 1);
      if (match[0] === '}' || end === match.index + 1 || pattern.charAt(end) !== '}') {
        work.fail('format was given a pattern with a stray brace: write {0}, or {{ and }} for braces');
      }
      const index = Number(pattern.slice(match.index + 1, end));
      const value = args[index];
      if (value === undefined) return work.fail(`format was given a pattern with {${index}} and ${args.length} values`);
      put(toText(value));
      at = end + 1;
    }
    brace.lastIndex = at;
  }
  put(pattern.slice(at));
  return work.text(pieces.join(''));
}

function endOfNumber(text: string, from: number): number {
  let end = from;
  while (text.charAt(end) >= '0' && text.charAt(end) <= '9') end += 1;
  return end;
}
