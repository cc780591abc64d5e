import { openHeredoc } from './heredoc.js';
import { matchHere, type Range, type ShellReader } from './reader.js';
import { readWord, skipBlanks } from './read-word.js';

/** The word of `<`, `<<<` and their kin. */
export interface Input extends Range {
  /** Whether it becomes standard input. */
  readonly standard: boolean;
}

const OPERATOR = /(\d+|\{[A-Za-z_]\w*\})?(&>>|&>|<<<|<<-|<<|<>|<&|<(?!\()|>>|>\||>&|>(?!\())/y;

/** Reads one redirection if there is one; gives the text that becomes the command's input, if any. */
export function readRedirection(reader: ShellReader): { input?: Input } | undefined {
  const match = matchHere(reader, OPERATOR);
  if (match === null) return undefined;
  reader.at += match[0].length;
  const operator = match[2] ?? '';
  if (operator === '<<' || operator === '<<-') {
    openHeredoc(reader, operator === '<<-');
    return {};
  }
  skipBlanks(reader);
  const { start, end } = readWord(reader);
  const standard = match[1] === undefined || match[1] === '0';
  return operator.startsWith('<') ? { input: { start, end, standard } } : {};
}

/** Reads all redirections that follow a compound command. */
export function readRedirections(reader: ShellReader): Input[] {
  const inputs: Input[] = [];
  for (;;) {
    skipBlanks(reader);
    const redirection = readRedirection(reader);
    if (redirection === undefined) return inputs;
    if (redirection.input !== undefined) inputs.push(redirection.input);
  }
}
