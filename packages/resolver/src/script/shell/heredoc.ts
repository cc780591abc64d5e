import { lost, type Heredoc, type ShellReader } from './reader.js';
import { readPart } from './read-part.js';
import { readWord, skipBlanks } from './read-word.js';
import { DELIMITER, QUOTED_HEREDOC } from './shell-refusals.js';

/** Reads the delimiter after `<<` or `<<-`; the body follows the next newline. */
export function openHeredoc(reader: ShellReader, stripTabs: boolean): void {
  skipBlanks(reader);
  const word = readWord(reader);
  reader.placing.refuse(word.start, word.end, DELIMITER);
  if (!word.literal) lost(reader, 'the delimiter of a here-document is not a fixed word', 'Write a fixed word such as EOF.');
  const quoted = /['"\\]/.test(reader.text.slice(word.start, word.end));
  const heredoc = { delimiter: word.text, quoted, stripTabs, body: { start: reader.at, end: reader.at } };
  reader.pending.push(heredoc);
  reader.heredocs.push(heredoc);
}

/** Reads the bodies of the open here-documents; `reader.at` is after the newline. */
export function readBodies(reader: ShellReader): void {
  const pending = reader.pending;
  reader.pending = [];
  for (const heredoc of pending) readBody(reader, heredoc);
}

function readBody(reader: ShellReader, heredoc: Heredoc): void {
  const { end, next } = findEnd(reader, heredoc);
  heredoc.body = { start: reader.at, end };
  if (heredoc.quoted) {
    reader.placing.refuse(reader.at, end, QUOTED_HEREDOC);
  } else {
    const limit = reader.limit;
    const out = { text: '', literal: false };
    reader.limit = end;
    while (reader.at < end) readPart(reader, 'heredoc', out);
    reader.limit = limit;
  }
  reader.at = next;
}

/** The first line that is the delimiter, unless a backslash at the end of the line before joins the two. */
function findEnd(reader: ShellReader, { delimiter, quoted, stripTabs }: Heredoc): { end: number; next: number } {
  let start = reader.at;
  let joined = false;
  while (start < reader.limit) {
    const end = lineEnd(reader, start);
    const line = reader.text.slice(start, end);
    if (!joined && (stripTabs ? line.replace(/^\t+/, '') : line) === delimiter) {
      return { end: start, next: Math.min(end + 1, reader.limit) };
    }
    joined = !quoted && endsEscaped(line);
    start = end + 1;
  }
  return lost(reader, `the here-document is not ended by a line with ${delimiter} alone`);
}

function lineEnd(reader: ShellReader, start: number): number {
  let end = reader.text.indexOf('\n', start);
  for (let place = reader.placing.covering(end); place !== undefined; place = reader.placing.covering(end)) {
    end = reader.text.indexOf('\n', place.end);
  }
  return end === -1 || end > reader.limit ? reader.limit : end;
}

function endsEscaped(line: string): boolean {
  let from = line.length;
  while (from > 0 && line[from - 1] === '\\') from -= 1;
  return (line.length - from) % 2 === 1;
}
