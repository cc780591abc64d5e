import { judgeCommand, isDeclaring } from './judge-command.js';
import { readSubscript } from './read-part.js';
import { charHere, lost, matchHere, nested, type ShellReader } from './reader.js';
import { readWord, skipBlanks, type Word } from './read-word.js';
import { readRedirection, type Input } from './redirection.js';
import { NAME, SUBSCRIPT } from './shell-refusals.js';

const ASSIGNMENT = /([A-Za-z_]\w*)(?:\+?=|(?=\[))/y;

/** Reads a simple command: assignments, words and redirections. Gives what is redirected into it. */
export function readSimple(reader: ShellReader): Input[] {
  const words: Word[] = [];
  const inputs: Input[] = [];
  for (;;) {
    skipBlanks(reader);
    const char = charHere(reader);
    if (char === '' || '\n;|)#'.includes(char) || (char === '&' && charHere(reader, 1) !== '>')) break;
    const redirection = readRedirection(reader);
    if (redirection !== undefined) {
      if (redirection.input !== undefined) inputs.push(redirection.input);
      continue;
    }
    if (char === '(') lostAtParenthesis(reader, words);
    if (words.length > 0 && !isDeclaring(words)) {
      words.push(readWord(reader));
      continue;
    }
    const assigned = readAssignment(reader);
    if (assigned === undefined) words.push(readWord(reader));
    else if (words.length > 0) words.push(assigned);
  }
  const own = judgeCommand(reader, words);
  reader.programFromInput ??= own;
  return inputs;
}

function lostAtParenthesis(reader: ShellReader, words: readonly Word[]): never {
  const last = words.at(-1);
  if (last !== undefined) reader.placing.refuse(last.start, last.end, NAME);
  return lost(reader, 'a parenthesis stands in the middle of a command');
}

/** Reads `name=value`, `name+=value`, `name[…]=value` or `name=(…)`. */
function readAssignment(reader: ShellReader): Word | undefined {
  const match = matchHere(reader, ASSIGNMENT);
  if (match === null) return undefined;
  const start = reader.at;
  const name = match[1] ?? '';
  reader.at += match[0].length;
  if (charHere(reader) === '[') {
    reader.at += 1;
    readSubscript(reader);
    const sign = matchHere(reader, /\+?=/y)?.[0];
    if (sign === undefined) return readWord(reader, { prefix: start });
    reader.at += sign.length;
  }
  if (charHere(reader) === '(') {
    nested(reader, () => readElements(reader));
    reader.arrays.add(name);
  }
  const word = readWord(reader, { prefix: start });
  reader.assignments.push({ start, end: word.end, name, declared: false });
  return word;
}

/** Reads the elements of an array, from its opening through its closing parenthesis. */
function readElements(reader: ShellReader): void {
  reader.at += 1;
  for (;;) {
    reader.at += matchHere(reader, /(?:[ \t\n]|\\\n)+/y)?.[0].length ?? 0;
    if (reader.at >= reader.limit || reader.pending.length > 0) lost(reader, 'the parenthesis of an array is not closed');
    if (charHere(reader) === ')') break;
    if (charHere(reader) === '#') skipComment(reader);
    else if (charHere(reader) === '[') readElement(reader);
    else readWord(reader);
  }
  reader.at += 1;
}

function readElement(reader: ShellReader): void {
  const start = reader.at;
  reader.at += 1;
  readSubscript(reader);
  reader.placing.refuse(start, reader.at, SUBSCRIPT);
  readWord(reader, { prefix: start });
}

function skipComment(reader: ShellReader): void {
  const end = reader.text.indexOf('\n', reader.at);
  if (end === -1 || end > reader.limit || reader.placing.holds(reader.at, end)) {
    lost(reader, 'an expression stands in a comment inside an array', 'Move the comment to a line before the command.');
  }
  reader.at = end;
}
