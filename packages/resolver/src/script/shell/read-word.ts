import { charHere, lost, matchHere, nested, type Range, type ShellReader } from './reader.js';
import { readPart, readSubstitution, type WordText } from './read-part.js';

/** One word of a command. */
export interface Word extends Range {
  /** Without quotes, up to the first part that is only known when the script runs. */
  readonly text: string;
  /** Whether `text` is all of it. */
  readonly literal: boolean;
  /** Whether an expression is anywhere in it. */
  readonly holds: boolean;
  /** Whether a value may decide its first character. */
  readonly leads: boolean;
  /** Whether it is one word for certain: `$name` may be none when the script runs. */
  readonly solid: boolean;
}

/**
 * Reads one word. `prefix` is where it began, if its first part has been read already. In a `regex`, the right side of
 * `=~`, parentheses and bars belong to the word.
 */
export function readWord(reader: ShellReader, options: { prefix?: number; regex?: boolean } = {}): Word {
  const start = options.prefix ?? reader.at;
  const prefix = reader.text.slice(start, reader.at);
  const out: WordText = { text: prefix, literal: true, solid: prefix !== '' };
  while (reader.at < reader.limit && readPiece(reader, out, options.regex === true));
  if (reader.at === start) lost(reader, 'a word is missing');
  const holds = reader.placing.holds(start, reader.at);
  return { start, end: reader.at, text: out.text, literal: out.literal, holds, leads: holds && out.text === '', solid: out.solid === true };
}

/** Skips blanks and line continuations. */
export function skipBlanks(reader: ShellReader): void {
  reader.at += matchHere(reader, /(?:[ \t]|\\\n)+/y)?.[0].length ?? 0;
}

function readPiece(reader: ShellReader, out: WordText, regex: boolean): boolean {
  const char = charHere(reader);
  const opens = charHere(reader, 1) === '(';
  if ((char === '<' || char === '>') && opens) {
    out.literal = false;
    out.solid = true;
    reader.at += 2;
    readSubstitution(reader);
    return true;
  }
  if (opens && '?*+@!'.includes(char) && !regex) {
    out.literal = false;
    reader.at += 1;
    nested(reader, () => readGroup(reader, out));
    return true;
  }
  if (regex && char === '(') {
    nested(reader, () => readGroup(reader, out));
    return true;
  }
  if (/[ \t\n]/.test(char) || (';&|<>()'.includes(char) && !(regex && char === '|'))) return false;
  readPart(reader, 'bare', out);
  return true;
}

/** Reads `(…)` of an extended pattern or a regular expression. */
function readGroup(reader: ShellReader, out: WordText): void {
  let open = 0;
  do {
    const char = charHere(reader);
    if (char === '') lost(reader, 'a parenthesis of a pattern is not closed');
    if (char === '(') open += 1;
    if (char === ')') open -= 1;
    readPart(reader, 'bare', out);
  } while (open > 0);
}
