import { NotFollowed, type Placing, type Refusal } from '../placing.js';

/** A piece of the script, `end` exclusive. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** A here-document: its body is read after the line that opens it. */
export interface Heredoc {
  readonly delimiter: string;
  readonly quoted: boolean;
  readonly stripTabs: boolean;
  body: Range;
}

/** Text that a command reads as its program, if that command does so. */
interface Feed {
  readonly ranges: readonly Range[];
  readonly heredocs: readonly Heredoc[];
  readonly refusal: Refusal;
}

/** A value given to a shell variable: whether that is safe depends on how the script declares the name. */
interface Assignment extends Range {
  readonly name: string;
  /** By `declare` and its kin, which evaluate a value given to an array. */
  readonly declared: boolean;
}

/** What ends a list of commands; the empty text is the end of the script. */
export type Closer = ')' | '}' | ';;' | 'then' | 'elif' | 'else' | 'fi' | 'do' | 'done' | 'esac' | '';

/** The state of one pass over a bash or sh script. */
export interface ShellReader {
  readonly placing: Placing;
  readonly text: string;
  readonly shell: 'bash' | 'sh';
  at: number;
  /** Reading stops here: the end of the script, or of a here-document's body. */
  limit: number;
  depth: number;
  /** Start of the outermost command being read: what comes before it is settled. */
  open: number;
  /** Here-documents whose body starts after the next newline. */
  pending: Heredoc[];
  readonly heredocs: Heredoc[];
  readonly feeds: Feed[];
  readonly assignments: Assignment[];
  /** Names whose assigned values bash evaluates: integers and references. */
  readonly evaluated: Set<string>;
  readonly arrays: Set<string>;
  /** Set while a construct is read: something in it takes its program from standard input. */
  programFromInput: Refusal | undefined;
  /** Reads commands through what closes them, and returns that. Injected: words hold commands and commands hold words. */
  readonly readList: (reader: ShellReader) => Closer;
}

const MAX_DEPTH = 100;

/** Runs `read` one level deeper. */
export function nested<T>(reader: ShellReader, read: () => T): T {
  if (reader.depth === MAX_DEPTH) lost(reader, `it nests more than ${MAX_DEPTH} constructs`, 'Move the inner part to a script file of its own.');
  reader.depth += 1;
  const result = read();
  reader.depth -= 1;
  return result;
}

/** Gives up: from the outermost open command on, nothing is known. */
export function lost(
  reader: ShellReader,
  what: string,
  hint = 'Correct the script, or move this part to a step of its own that gets the values by env.',
): never {
  throw new NotFollowed(`${what} (line ${lineOf(reader.text, reader.at)})`, reader.open, hint);
}

/** Matches a sticky expression at the current place, inside the limit. */
export function matchHere(reader: ShellReader, pattern: RegExp): RegExpExecArray | null {
  pattern.lastIndex = reader.at;
  const match = pattern.exec(reader.text);
  return match !== null && pattern.lastIndex <= reader.limit ? match : null;
}

export function charHere(reader: ShellReader, ahead = 0): string {
  const at = reader.at + ahead;
  return at < reader.limit ? (reader.text[at] ?? '') : '';
}

function lineOf(text: string, offset: number): number {
  let line = 1;
  for (let i = text.indexOf('\n'); i !== -1 && i < offset; i = text.indexOf('\n', i + 1)) line += 1;
  return line;
}
