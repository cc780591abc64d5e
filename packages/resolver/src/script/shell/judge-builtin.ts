import type { ShellReader } from './reader.js';
import type { Word } from './read-word.js';
import { EVALUATED_VARIABLE, FORMAT, NAME, TEST_OPERAND } from './shell-refusals.js';
import { splitOptions } from './split-options.js';

/** `declare`, `typeset`, `local`, `readonly`, `export`: values may be expressions, names and attributes may not. */
export function judgeDeclaration(reader: ShellReader, words: readonly Word[], at: number): void {
  const { options, operand } = splitOptions(words, at + 1, () => 0);
  // An attribute may also be in a word that only the running script knows.
  const unknown = words.slice(at + 1).some((word) => !word.literal && !word.holds && word.text === '');
  const evaluates = unknown || options.some(({ name }) => 'in'.includes(name));
  const structured = options.some(({ name }) => 'aA'.includes(name));
  for (const { value } of options) if (value?.holds === true) reader.placing.refuse(value.start, value.end, NAME);
  for (const word of words.slice(operand)) {
    const name = /^([A-Za-z_]\w*)(\+?=)?/.exec(word.text);
    if (evaluates) reader.evaluated.add(name?.[1] ?? '');
    if (structured) reader.arrays.add(name?.[1] ?? '');
    if (!word.holds) continue;
    if (name?.[1] === undefined || name[2] === undefined) reader.placing.refuse(word.start, word.end, NAME);
    else if (isArrayLiteral(reader, word) && !evaluates) continue;
    else if (evaluates || structured) reader.placing.refuse(word.start, word.end, EVALUATED_VARIABLE);
    else reader.assignments.push({ start: word.start, end: word.end, name: name[1], declared: words[at]?.text !== 'export' });
  }
}

/** In `[ … ]` numbers are only numbers, but the operand of `-v` is evaluated, and a value may be that operator. */
export function judgeTestCommand(reader: ShellReader, words: readonly Word[], at: number): void {
  for (let i = at + 2; i < words.length; i += 1) {
    const word = words[i];
    const before = words[i - 1];
    if (word?.holds !== true || before === undefined) continue;
    if (before.text === '-v') reader.placing.refuse(word.start, word.end, NAME);
    else if (!before.literal) reader.placing.refuse(word.start, word.end, TEST_OPERAND);
  }
}

/** `printf [-v name] [--] format value…`. */
export function judgePrintf(reader: ShellReader, words: readonly Word[], at: number): void {
  const { options, operand } = splitOptions(words, at + 1, (name) => (name === 'v' ? 1 : 0));
  for (const { value } of options) if (value?.holds === true) reader.placing.refuse(value.start, value.end, NAME);
  const format = words[operand];
  if (format?.holds === true) reader.placing.refuse(format.start, format.end, FORMAT);
}

/** `read [-r] [-p prompt] name…`. */
export function judgeRead(reader: ShellReader, words: readonly Word[], at: number): void {
  const { options, operand } = splitOptions(words, at + 1, (name) => ('adinNptu'.includes(name) ? 1 : 0));
  for (const { name, value } of options) {
    if (value?.holds === true && !'dinNptu'.includes(name || ' ')) reader.placing.refuse(value.start, value.end, NAME);
    if (name === 'a' && value !== undefined) reader.arrays.add(value.text);
  }
  for (const word of words.slice(operand)) if (word.holds) reader.placing.refuse(word.start, word.end, NAME);
}

function isArrayLiteral(reader: ShellReader, word: Word): boolean {
  return /^[A-Za-z_]\w*\+?=\(/.test(reader.text.slice(word.start, word.end));
}
