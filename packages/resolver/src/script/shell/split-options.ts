import type { Word } from './read-word.js';

/** One option of a command, with the words it takes up. */
export interface Option {
  /** A letter, or a long name with its dashes. */
  readonly name: string;
  /** The word that holds the value: the option's own when it is attached. */
  readonly value: Word | undefined;
}

/** How many values a letter or long name takes. */
export type Takes = (name: string) => number;

interface SplitOptions {
  readonly options: readonly Option[];
  /** Index of the first word that is not an option. */
  readonly operand: number;
}

/**
 * Splits the options at `from` as getopt does: `-xv value`, `-xvvalue`, `--name value`, `--name=value`. Stops at the
 * first operand, after `--`, and at a word whose first character only the running script knows.
 */
export function splitOptions(words: readonly Word[], from: number, takes: Takes): SplitOptions {
  const options: Option[] = [];
  let at = from;
  for (let word = words[at]; word !== undefined; word = words[at]) {
    const { text } = word;
    if (text === '--' && word.literal) return { options, operand: at + 1 };
    if (text.length < 2 || (text[0] !== '-' && text[0] !== '+')) break;
    const found = readOption(words, at, takes);
    options.push(...found);
    at += 1 + valueWords(found, word, takes);
  }
  return { options, operand: at };
}

function readOption(words: readonly Word[], at: number, takes: Takes): Option[] {
  const word = words[at];
  if (word === undefined) return [];
  const equals = word.text.indexOf('=');
  const name = equals === -1 ? word.text : word.text.slice(0, equals);
  if (word.text.startsWith('--') || takes(name) > 0) {
    // What follows a literal `--name=` is its value; an unknown rest of the word may be one.
    const attached = equals !== -1 || !word.literal;
    return [{ name, value: attached || takes(name) === 0 ? word : words[at + takes(name)] }];
  }
  return readLetters(words, at, takes);
}

function readLetters(words: readonly Word[], at: number, takes: Takes): Option[] {
  const word = words[at];
  const options: Option[] = [];
  const letters = word?.text.slice(1) ?? '';
  for (let i = 0; i < letters.length; i += 1) {
    const name = letters[i] ?? '';
    if (takes(name) === 0) {
      options.push({ name, value: undefined });
      continue;
    }
    const attached = i + 1 < letters.length || word?.literal === false;
    return [...options, { name, value: attached ? word : words[at + 1] }];
  }
  // Letters that only the running script knows.
  if (word?.literal === false) options.push({ name: '', value: word });
  return options;
}

function valueWords(found: readonly Option[], word: Word, takes: Takes): number {
  const last = found.at(-1);
  return last === undefined || last.value === undefined || last.value === word ? 0 : takes(last.name);
}

/** Whether `name` is one of `names`, or an abbreviation of one, as GNU tools take them. */
function isLong(name: string, names: readonly string[] | undefined): boolean {
  if (names === undefined || name === '') return false;
  return names.some((known) => known === name || (name.length > 4 && name.startsWith('--') && known.startsWith(name)));
}

/** Whether `name` is one of the letters, or one of the long names. */
export function isOption(name: string, letters: string | undefined, names: readonly string[] | undefined): boolean {
  return (name.length === 1 && letters?.includes(name) === true) || isLong(name, names);
}
