import { bareReference, doubleReference, singleReference } from './references.js';
import { charHere, lost, matchHere, nested, type ShellReader } from './reader.js';
import {
  ANSI_QUOTE,
  ARITHMETIC,
  BACKTICK,
  ESCAPED,
  HEREDOC_PATTERN,
  LOCALE_QUOTE,
  PARAMETER,
  SUBSCRIPT,
} from './shell-refusals.js';
import type { Refusal } from '../placing.js';

/** `bare` is outside quotes; `double` inside "…"; `heredoc` in a body whose delimiter is not quoted. */
export type Quoting = 'bare' | 'double' | 'heredoc';

/** What is known of a word while it is read: its text up to the first part that only the running script knows. */
export interface WordText {
  text: string;
  literal: boolean;
  /** Whether it is one word for certain: `$name` may be none, and so may `"$@"`. */
  solid?: boolean;
}

const PLAIN = /[A-Za-z0-9_.,/:%@+-]+/y;

/** Reads one part of a word: a quoted string, an expansion, an expression, or plain characters. Never nothing. */
export function readPart(reader: ShellReader, quoting: Quoting, out: WordText): void {
  if (readExpression(reader, quoting, out)) return;
  const char = charHere(reader);
  switch (char) {
    case '\\':
      return readEscape(reader, quoting, out);
    case '`':
      return readBackticks(reader, out);
    case '$':
      return readDollar(reader, quoting, out);
    case "'":
      if (quoting === 'bare') return readSingle(reader, out);
      break;
    case '"':
      if (quoting === 'bare') return readDouble(reader, out);
      break;
    case '\n':
      if (quoting !== 'heredoc') refuseBreak(reader);
      break;
  }
  const plain = matchHere(reader, PLAIN)?.[0] ?? char;
  reader.at += plain.length;
  add(out, plain);
}

/** Reads through the `]` that ends a subscript; `reader.at` is after the `[`. */
export function readSubscript(reader: ShellReader): void {
  readUntil(reader, ']', 'bare', { text: '', literal: false }, SUBSCRIPT);
}

/** Reads through the end of an arithmetic expression; `reader.at` is after what opens it. */
export function readArithmetic(reader: ShellReader, closer: '))' | ']'): void {
  const start = reader.at;
  const out = { text: '', literal: false };
  let open = 0;
  for (;;) {
    const char = charHere(reader);
    if (char === '') lost(reader, 'an arithmetic expression is not closed');
    if (open === 0 && char === ']' && closer === ']') break;
    if (open === 0 && char === ')' && closer === '))') {
      if (charHere(reader, 1) === ')') break;
      lost(reader, 'this may be arithmetic or commands in parentheses', 'Put a space between the two opening parentheses of commands.');
    }
    if (char === '(' || char === '[') open += 1;
    if (char === ')' || char === ']') open -= 1;
    readPart(reader, 'bare', out);
  }
  reader.placing.refuse(start, reader.at, ARITHMETIC);
  reader.at += closer.length;
}

/** Reads the commands of `$(…)`, `<(…)` or `>(…)`; `reader.at` is after the parenthesis. */
export function readSubstitution(reader: ShellReader): void {
  const start = reader.at;
  const outer = reader.pending;
  reader.pending = [];
  const closer = nested(reader, () => reader.readList(reader));
  if (closer !== ')') lost(reader, 'a $( is not closed');
  if (reader.pending.length > 0) lost(reader, 'a here-document is still open at the closing parenthesis');
  reader.pending = outer;
  if (outer.length > 0 && reader.text.slice(start, reader.at).includes('\n')) refuseBreak(reader);
}

function readExpression(reader: ShellReader, quoting: Quoting, out: WordText): boolean {
  const place = reader.placing.startingAt(reader.at);
  if (place === undefined) return false;
  if (place.end > reader.limit) lost(reader, 'a here-document ends inside an expression');
  reader.placing.put(place, quoting === 'bare' ? bareReference(reader.text, place) : doubleReference);
  if (reader.pending.length > 0 && reader.text.slice(place.start, place.end).includes('\n')) refuseBreak(reader);
  out.literal = false;
  out.solid = true;
  reader.at = place.end;
  return true;
}

function readEscape(reader: ShellReader, quoting: Quoting, out: WordText): void {
  refuseNext(reader, ESCAPED);
  const next = charHere(reader, 1);
  if (reader.placing.startingAt(reader.at + 1) !== undefined || next === '') {
    reader.at += 1;
    return;
  }
  reader.at += 2;
  if (next !== '\n') add(out, quoting === 'bare' || '$`"\\'.includes(next) ? next : `\\${next}`);
}

function readSingle(reader: ShellReader, out: WordText): void {
  const start = reader.at + 1;
  let from = start;
  for (reader.at = start; charHere(reader) !== "'"; ) {
    if (reader.at >= reader.limit) lost(reader, 'a single quote is not closed');
    const place = reader.placing.startingAt(reader.at);
    if (place === undefined) {
      if (charHere(reader) === '\n') refuseBreak(reader);
      reader.at += 1;
      continue;
    }
    add(out, reader.text.slice(from, place.start));
    reader.placing.put(place, singleReference);
    out.literal = false;
    from = place.end;
    reader.at = place.end;
  }
  add(out, reader.text.slice(from, reader.at));
  out.solid = true;
  reader.at += 1;
}

function readDouble(reader: ShellReader, out: WordText): void {
  reader.at += 1;
  const start = reader.at;
  while (charHere(reader) !== '"') {
    if (reader.at >= reader.limit) lost(reader, 'a double quote is not closed');
    readPart(reader, 'double', out);
  }
  out.solid ||= !/^\$(?:@|\{[^}]*@[^}]*\})/.test(reader.text.slice(start, Math.min(reader.at, start + 200)));
  reader.at += 1;
}

function readBackticks(reader: ShellReader, out: WordText): void {
  const start = reader.at;
  out.literal = false;
  skipTo(reader, '`', 'a backtick is not closed');
  reader.placing.refuse(start, reader.at, BACKTICK);
}

function readDollar(reader: ShellReader, quoting: Quoting, out: WordText): void {
  const start = reader.at;
  refuseNext(reader, ESCAPED);
  const next = reader.placing.startingAt(start + 1) === undefined ? charHere(reader, 1) : '';
  if (quoting === 'bare' && next === "'") return readAnsi(reader, out);
  if (quoting === 'bare' && next === '"') {
    reader.at += 1;
    readDouble(reader, out);
    reader.placing.refuse(start, reader.at, LOCALE_QUOTE);
    return;
  }
  if (!/[A-Za-z0-9_@*#?$!([{-]/.test(next)) {
    reader.at += 1;
    add(out, '$');
    return;
  }
  out.literal = false;
  reader.at += 2;
  if (next === '[') return nested(reader, () => readArithmetic(reader, ']'));
  if (next === '{') return nested(reader, () => readParameter(reader, quoting));
  if (next === '(' && charHere(reader) === '(') {
    reader.at += 1;
    return nested(reader, () => readArithmetic(reader, '))'));
  }
  if (next === '(') return readSubstitution(reader);
  if (/[A-Za-z_]/.test(next)) reader.at += matchHere(reader, /\w+/y)?.[0].length ?? 0;
}

function readAnsi(reader: ShellReader, out: WordText): void {
  const start = reader.at;
  out.literal = false;
  out.solid = true;
  reader.at += 1;
  skipTo(reader, "'", "a $'…' is not closed");
  if (reader.shell === 'sh' && reader.text.slice(start, reader.at).includes('\\')) {
    lost(reader, "shells named sh disagree about where a $'…' with a backslash ends", "Use printf '\\t' in place of $'\\t'.");
  }
  reader.placing.refuse(start, reader.at, ANSI_QUOTE);
}

const PARAMETER_NAME = /[#!]?(?:[A-Za-z_]\w*|\d+|[@*#?$!-])/y;
const PARAMETER_OPERATOR = /\}|:?[-=+?]|##?|%%?|[:/^,@*]/y;

/** Reads the rest of `${…}`; `reader.at` is after the brace. */
function readParameter(reader: ShellReader, quoting: Quoting): void {
  const start = reader.at;
  const out = { text: '', literal: false };
  if (reader.placing.startingAt(start) !== undefined) return readUntil(reader, '}', 'bare', out, PARAMETER);
  const name = matchHere(reader, PARAMETER_NAME)?.[0];
  if (name === undefined) lost(reader, 'a ${ is not followed by a name');
  reader.at += name.length;
  if (charHere(reader) === '[') {
    reader.at += 1;
    readSubscript(reader);
  }
  if (reader.placing.startingAt(reader.at) !== undefined) return readUntil(reader, '}', 'bare', out, PARAMETER);
  const operator = matchHere(reader, PARAMETER_OPERATOR)?.[0];
  if (operator === undefined) lost(reader, 'a ${…} holds an operator that is not known');
  reader.at += operator.length;
  if (operator === '}') return;
  if (/^:?[-=+?]$/.test(operator)) return readUntil(reader, '}', quoting, out);
  // A pattern keeps its own quotes inside "…", in bash and in dash.
  if (/^[#%]/.test(operator)) return readUntil(reader, '}', 'bare', out, quoting === 'heredoc' ? HEREDOC_PATTERN : undefined);
  readUntil(reader, '}', 'bare', out, PARAMETER);
}

function readUntil(reader: ShellReader, closer: '}' | ']', quoting: Quoting, out: WordText, refusal?: Refusal): void {
  const start = reader.at;
  for (let open = 0; open > 0 || charHere(reader) !== closer; ) {
    if (closer === ']') open += bracketStep(charHere(reader));
    if (reader.at >= reader.limit) lost(reader, `a ${closer === '}' ? '${' : '['} is not closed`);
    if (charHere(reader) === '"') readDouble(reader, out);
    else readPart(reader, quoting, out);
  }
  if (refusal !== undefined) reader.placing.refuse(start, reader.at, refusal);
  reader.at += 1;
}

function bracketStep(char: string): number {
  if (char === '[') return 1;
  return char === ']' ? -1 : 0;
}

/** Moves behind the next `closer` that has no backslash before it; `reader.at` is on what opens. */
function skipTo(reader: ShellReader, closer: '`' | "'", what: string): void {
  for (reader.at += 1; charHere(reader) !== closer; ) {
    if (reader.at >= reader.limit) lost(reader, what);
    const place = reader.placing.startingAt(reader.at);
    if (charHere(reader) === '\n') refuseBreak(reader);
    if (place !== undefined) reader.at = place.end;
    else reader.at += charHere(reader) === '\\' && reader.placing.startingAt(reader.at + 1) === undefined ? 2 : 1;
  }
  reader.at += 1;
}

function refuseNext(reader: ShellReader, refusal: Refusal): void {
  if (reader.placing.startingAt(reader.at + 1) !== undefined) reader.placing.refuse(reader.at + 1, reader.at + 2, refusal);
}

/** The body of an open here-document starts at the next newline, and shells disagree when that is inside a word. */
function refuseBreak(reader: ShellReader): void {
  if (reader.pending.length > 0) lost(reader, 'a word continues on the line where a here-document begins');
}

function add(out: WordText, text: string): void {
  if (out.literal) out.text += text;
  out.solid ||= text !== '';
}
