import { readBodies } from './heredoc.js';
import { readCommand, type Stage } from './read-command.js';
import { charHere, lost, matchHere, type Closer, type ShellReader } from './reader.js';
import { skipBlanks } from './read-word.js';
import { commentReference } from './references.js';

const CLOSER_WORD = /(?:then|elif|else|fi|do|done|esac|\})(?=[\s;&|<>()]|$)/y;

/**
 * Reads commands until something closes them: a word such as `fi`, a parenthesis, `;;`, or the end. More lenient than a
 * shell about what separates commands; a script a shell refuses runs nothing.
 */
export function readList(reader: ShellReader): Closer {
  for (;;) {
    skipSeparators(reader);
    if (reader.depth === 0) reader.open = reader.at;
    const closer = readCloser(reader);
    if (closer !== undefined) return closer;
    readPipeline(reader);
  }
}

function skipSeparators(reader: ShellReader): void {
  for (;;) {
    skipBlanks(reader);
    const char = charHere(reader);
    const next = charHere(reader, 1);
    if (char === '\n') {
      reader.at += 1;
      if (reader.pending.length > 0) readBodies(reader);
    } else if (char === '#') readComment(reader);
    else if (char === ';' && next !== ';' && next !== '&') reader.at += 1;
    else if (char === '&' && next !== '>') reader.at += 1;
    else if (char === '|' && next === '|') reader.at += 2;
    else return;
  }
}

function readComment(reader: ShellReader): void {
  while (charHere(reader) !== '\n' && reader.at < reader.limit) {
    const place = reader.placing.startingAt(reader.at);
    if (place !== undefined) {
      if (reader.pending.length > 0 && reader.text.slice(place.start, place.end).includes('\n')) lost(reader, 'a comment continues on the line where a here-document begins');
      reader.placing.put(place, commentReference);
    }
    reader.at = place?.end ?? reader.at + 1;
  }
}

function readCloser(reader: ShellReader): Closer | undefined {
  if (reader.at >= reader.limit) return '';
  if (charHere(reader) === ')') {
    reader.at += 1;
    return ')';
  }
  const clause = matchHere(reader, /;;&|;;|;&/y)?.[0];
  if (clause !== undefined) {
    reader.at += clause.length;
    return ';;';
  }
  const word = matchHere(reader, CLOSER_WORD)?.[0];
  if (word === undefined) return undefined;
  reader.at += word.length;
  return word as Closer;
}

function readPipeline(reader: ShellReader): void {
  const outer = reader.programFromInput;
  const stages: Stage[] = [readCommand(reader)];
  for (let bar = readBar(reader); bar; bar = readBar(reader)) stages.push(readCommand(reader));
  feedStages(reader, stages);
  const [first] = stages;
  reader.programFromInput = outer ?? (first?.hasInput === true ? undefined : first?.programFromInput);
}

/** What the stages before it print is the input of the last stage that reads a program there. */
function feedStages(reader: ShellReader, stages: readonly Stage[]): void {
  const [first] = stages;
  for (let i = stages.length - 1; i > 0; i -= 1) {
    const sink = stages[i]?.programFromInput;
    const last = stages[i - 1];
    if (sink === undefined || first === undefined || last === undefined) continue;
    const ranges = [{ start: first.start, end: last.end }];
    const heredocs = reader.heredocs.slice(first.heredocs.start, last.heredocs.end);
    reader.feeds.push({ ranges, heredocs, refusal: sink });
    return;
  }
}

/** Reads a `|` or `|&` and the newlines after it. */
function readBar(reader: ShellReader): boolean {
  skipBlanks(reader);
  if (charHere(reader) !== '|' || charHere(reader, 1) === '|') return false;
  reader.at += charHere(reader, 1) === '&' ? 2 : 1;
  for (;;) {
    skipBlanks(reader);
    if (charHere(reader) === '#') readComment(reader);
    if (charHere(reader) !== '\n') return true;
    reader.at += 1;
    if (reader.pending.length > 0) readBodies(reader);
  }
}
