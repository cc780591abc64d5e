import { readArithmetic } from './read-part.js';
import { charHere, lost, matchHere, nested, type Closer, type Range, type ShellReader } from './reader.js';
import { readSimple } from './read-simple.js';
import { readTest } from './read-test.js';
import { readWord, skipBlanks } from './read-word.js';
import { readRedirections, type Input } from './redirection.js';
import { NAME } from './shell-refusals.js';
import type { Refusal } from '../placing.js';

/** One command of a pipeline, compound or simple. */
export interface Stage extends Range {
  /** Its here-documents, as indices of `reader.heredocs`. */
  readonly heredocs: Range;
  /** Set when something in it reads its program from standard input. */
  readonly programFromInput: Refusal | undefined;
  /** Whether its standard input is redirected, so that nothing reaches it from outside. */
  readonly hasInput: boolean;
}

const KEYWORD = /(?:if|while|until|for|select|case|function|coproc|time|\[\[|[{!])(?=[\s;&|<>()]|$)/y;
const FUNCTION = /[^\s;&|<>()'"`\\$#=]+[ \t]*\([ \t]*\)/y;

export function readCommand(reader: ShellReader): Stage {
  const start = reader.at;
  const heredoc = reader.heredocs.length;
  reader.programFromInput = undefined;
  const inputs = readAny(reader);
  const programFromInput = reader.programFromInput as Refusal | undefined;
  const heredocs = { start: heredoc, end: reader.heredocs.length };
  if (programFromInput !== undefined) {
    const own = reader.heredocs.slice(heredocs.start, heredocs.end);
    reader.feeds.push({ ranges: inputs, heredocs: own, refusal: programFromInput });
  }
  return { start, end: reader.at, heredocs, programFromInput, hasInput: inputs.some(({ standard }) => standard) };
}

/** Reads a command with its redirections; gives what is redirected into it. */
function readAny(reader: ShellReader): Input[] {
  skipBlanks(reader);
  if (charHere(reader) === '(') {
    reader.at += 1;
    nested(reader, () => (charHere(reader) === '(' ? readArithmeticCommand(reader) : through(reader, ')')));
    return readRedirections(reader);
  }
  const keyword = matchHere(reader, KEYWORD)?.[0];
  if (keyword === undefined) return readFunction(reader) ?? readSimple(reader);
  reader.at += keyword.length;
  if (keyword === '!' || keyword === 'time') {
    skipBlanks(reader);
    if (keyword === 'time') reader.at += matchHere(reader, /-p(?=\s)/y)?.[0].length ?? 0;
    // Nothing may follow either word.
    return /[\n;&|)]|^$/.test(charHere(reader)) ? [] : nested(reader, () => readAny(reader));
  }
  nested(reader, () => readCompound(reader, keyword));
  return readRedirections(reader);
}

function readCompound(reader: ShellReader, keyword: string): void {
  switch (keyword) {
    case '{':
      return through(reader, '}');
    case 'if':
      return readIf(reader);
    case 'while':
    case 'until':
      through(reader, 'do');
      return through(reader, 'done');
    case 'for':
    case 'select':
      return readFor(reader);
    case 'case':
      return readCase(reader);
    case '[[':
      return readTest(reader);
    case 'function':
      return readFunctionKeyword(reader);
    default:
      return lost(reader, `${keyword} is not supported here`);
  }
}

function through(reader: ShellReader, expected: Closer): void {
  const closer = reader.readList(reader);
  if (closer !== expected) lost(reader, closer === '' ? `${expected} is missing` : `${closer} is not expected here`);
}

function readIf(reader: ShellReader): void {
  for (let closer: Closer = ''; closer !== 'fi'; ) {
    closer = reader.readList(reader);
    if (!['then', 'elif', 'else', 'fi'].includes(closer)) lost(reader, 'fi is missing');
  }
}

function readArithmeticCommand(reader: ShellReader): void {
  reader.at += 1;
  readArithmetic(reader, '))');
}

function readFor(reader: ShellReader): void {
  skipBlanks(reader);
  if (charHere(reader) === '(' && charHere(reader, 1) === '(') {
    reader.at += 1;
    readArithmeticCommand(reader);
  } else {
    const name = readWord(reader);
    reader.placing.refuse(name.start, name.end, NAME);
    skipLines(reader);
    if (skipWord(reader, 'in')) {
      const start = reader.at;
      readWords(reader);
      reader.assignments.push({ start, end: reader.at, name: name.text, declared: false });
    }
  }
  through(reader, 'do');
  through(reader, 'done');
}

function readWords(reader: ShellReader): void {
  for (skipBlanks(reader); !/^[\n;]?$/.test(charHere(reader)); skipBlanks(reader)) readWord(reader);
}

function readCase(reader: ShellReader): void {
  skipBlanks(reader);
  readWord(reader);
  skipLines(reader);
  if (!skipWord(reader, 'in')) lost(reader, 'in is missing after case');
  for (;;) {
    skipLines(reader);
    if (skipWord(reader, 'esac')) return;
    readPatterns(reader);
    const closer = reader.readList(reader);
    if (closer === 'esac') return;
    if (closer !== ';;') lost(reader, 'esac is missing');
  }
}

/** Reads the patterns of one clause through their parenthesis. */
function readPatterns(reader: ShellReader): void {
  if (charHere(reader) === '(') reader.at += 1;
  for (;;) {
    skipBlanks(reader);
    readWord(reader);
    skipBlanks(reader);
    const char = charHere(reader);
    reader.at += 1;
    if (char === ')') return;
    if (char !== '|') lost(reader, 'a pattern of case is not followed by )');
  }
}

function readFunction(reader: ShellReader): Input[] | undefined {
  const head = matchHere(reader, FUNCTION);
  if (head === null) return undefined;
  reader.at += head[0].length;
  skipLines(reader);
  return nested(reader, () => readAny(reader));
}

function readFunctionKeyword(reader: ShellReader): void {
  skipBlanks(reader);
  const name = readWord(reader);
  reader.placing.refuse(name.start, name.end, NAME);
  reader.at += matchHere(reader, /[ \t]*\([ \t]*\)/y)?.[0].length ?? 0;
  skipLines(reader);
  readAny(reader);
}

/** Skips blanks, newlines and comments where no command can stand. */
function skipLines(reader: ShellReader): void {
  for (;;) {
    skipBlanks(reader);
    if (charHere(reader) === '#') skipPlainComment(reader);
    else if (charHere(reader) === '\n' && reader.pending.length === 0) reader.at += 1;
    else return;
  }
}

function skipPlainComment(reader: ShellReader): void {
  const end = reader.text.indexOf('\n', reader.at);
  const stop = end === -1 || end > reader.limit ? reader.limit : end;
  if (reader.placing.holds(reader.at, stop)) lost(reader, 'an expression stands in a comment between the parts of a command', 'Move the comment to a line before the command.');
  reader.at = stop;
}

function skipWord(reader: ShellReader, word: 'in' | 'esac'): boolean {
  const found = matchHere(reader, word === 'in' ? /in(?=[\s;]|$)/y : /esac(?=[\s;&|<>()]|$)/y);
  if (found === null) return false;
  reader.at += word.length;
  return true;
}
