import { INTERPRETERS, type CodeOptions, type Filter, type Interpreter } from './code-commands.js';
import type { ShellReader } from './reader.js';
import type { Word } from './read-word.js';
import { isOption, splitOptions, type Option, type Takes } from './split-options.js';
import { MAKE, PROGRAM_FILE, PROGRAM_TEXT, REMOTE_CODE, SHELL_CODE, SSH_HOST } from './shell-refusals.js';
import type { Refusal } from '../placing.js';

/** An interpreter: refuses expressions in the program and before it; those after it are the program's arguments. */
export function judgeInterpreter(reader: ShellReader, words: readonly Word[], at: number, row: Interpreter): 'given' | 'input' {
  const code = (name: string): boolean => isOption(name, row.code, row.longCode);
  const takes = (name: string): number => ((code(name) && row.shell !== true) || isOption(name, row.values, row.longValues) ? 1 : 0);
  const { options, operand } = splitOptions(words, at + 1, takes);
  for (const { name, value } of options) refuse(reader, value, code(name) ? PROGRAM_TEXT : PROGRAM_FILE);
  // To a shell a single dash ends the options; to others it is standard input.
  const first = words[row.shell === true && words[operand]?.text === '-' ? operand + 1 : operand];
  const hasCode = options.some(({ name, value }) => code(name) && (row.shell === true ? first : value) !== undefined);
  if (hasCode) {
    if (row.shell === true) refuse(reader, first, PROGRAM_TEXT);
    return row.shell === true && runsInput(reader, first) ? 'input' : 'given';
  }
  if (first === undefined || (row.shell === true && options.some(({ name }) => name === 's'))) return 'input';
  if (first.leads) refuse(reader, first, PROGRAM_FILE);
  if (mayBeInput(reader, first)) return 'input';
  if (row.codeWords?.includes(first.text) === true) refuse(reader, words[operand + 1], PROGRAM_TEXT);
  return 'given';
}

/** Whether a script file may turn out to be `-` or nothing. */
function mayBeInput(reader: ShellReader, word: Word): boolean {
  if (word.literal) return word.text === '-' || word.text === '';
  return word.text === '' && !reader.text.slice(word.start, word.end).includes('/');
}

/** Whether shell code starts an interpreter that would read its program from the same standard input: `sh -c 'bash -s'`. */
function runsInput(reader: ShellReader, code: Word | undefined): boolean {
  const tokens = code === undefined ? [] : reader.text.slice(code.start, code.end).split(/([;|&()\n])|[\s'"`]/);
  const parts = tokens.filter((token) => token !== undefined && token !== '');
  return parts.some((token, i) => {
    if (token === 'eval' || token === '/dev/stdin') return true;
    const next = parts[i + 1] ?? '';
    return INTERPRETERS.has(token.slice(token.lastIndexOf('/') + 1)) && /^(?:[;|&()\n-]|$)/.test(next) && !/^-\w*[ce]$/.test(next);
  });
}

/** `awk`, `sed`, `jq`: the first operand is a program, unless an option gives one. */
export function judgeFilter(reader: ShellReader, words: readonly Word[], at: number, row: Filter): 'given' | 'input' {
  const isCode = ({ name }: Option): boolean => isOption(name, row.code, row.longCode);
  const isFile = ({ name }: Option): boolean => isOption(name, row.file, row.longFile);
  const takes = (name: string): number => {
    if (row.pairs?.includes(name) === true) return 2;
    const letters = `${row.values ?? ''}${row.code}${row.file}`;
    return isOption(name, letters, [...(row.longValues ?? []), ...(row.longCode ?? []), ...(row.longFile ?? [])]) ? 1 : 0;
  };
  const { options, operands, leading } = splitAll(words, at + 1, takes);
  for (const option of options) {
    if (option.name === '' || isCode(option)) refuse(reader, option.value, PROGRAM_TEXT);
    if (isFile(option)) refuse(reader, option.value, PROGRAM_FILE);
  }
  // Some read options behind the first operand as well, some do not.
  if (options.slice(0, leading).some((option) => isCode(option) || isFile(option))) return 'given';
  const [first, second] = operands;
  refuse(reader, first, PROGRAM_TEXT);
  if (['e', 'ea', 'eval', 'eval-all'].includes(first?.text ?? '')) refuse(reader, second, PROGRAM_TEXT);
  return first === undefined ? 'input' : 'given';
}

/** A tool that takes data, but for the value of some options. */
export function judgeCodeOptions(reader: ShellReader, words: readonly Word[], at: number, row: CodeOptions): 'input' | undefined {
  const takes = (name: string): number => (isOption(name, row.code, row.longCode) ? 1 : 0);
  const { options, operands } = splitAll(words, at + 1, takes);
  for (const { name, value } of options) if (takes(name) > 0) refuse(reader, value, SHELL_CODE);
  if (row.operands !== undefined) for (const word of operands.slice(row.operands - 1)) refuse(reader, word, PROGRAM_TEXT);
  return row.input === true ? 'input' : undefined;
}

/** `git -c name=value`, `git submodule foreach code`, `git bisect run command`. */
export function judgeGit(reader: ShellReader, words: readonly Word[], from: number): void {
  let at = from + 1;
  for (; words[at]?.text === '-c' || words[at]?.text === '-C'; at += 2) {
    if (words[at]?.text === '-c') refuse(reader, words[at + 1], SHELL_CODE);
  }
  const verb = `${words[at]?.text ?? ''} ${words[at + 1]?.text ?? ''}`;
  if (verb === 'submodule foreach' || verb === 'bisect run') for (const word of words.slice(at + 2)) refuse(reader, word, SHELL_CODE);
}

const SSH_VALUES = 'BbcDEeFIiJLlmOopPQRSWw';

/** `ssh [options] [--] host [code…]`. */
export function judgeSsh(reader: ShellReader, words: readonly Word[], at: number): 'input' | undefined {
  const { options, operand } = splitOptions(words, at + 1, (name) => (SSH_VALUES.includes(name) ? 1 : 0));
  for (const { name, value } of options) if (name === '' || 'oFSIJ'.includes(name)) refuse(reader, value, SHELL_CODE);
  const host = words[operand];
  if (host?.leads === true && words[operand - 1]?.text !== '--') refuse(reader, host, SSH_HOST);
  const remote = words.slice(operand + 1);
  for (const word of remote) refuse(reader, word, REMOTE_CODE);
  return remote.length === 0 || remote.some((word) => runsInput(reader, word)) ? 'input' : undefined;
}

/** Only folders, files and numbers of make's own options are data. */
export function judgeMake(reader: ShellReader, words: readonly Word[], at: number): 'input' | undefined {
  const { options, operands } = splitAll(words, at + 1, (name) => (isOption(name, 'Cfjl', ['--directory', '--file', '--makefile', '--jobs']) ? 1 : 0));
  for (const { name, value } of options) if (!isOption(name, 'Cjl', ['--directory', '--jobs'])) refuse(reader, value, MAKE);
  for (const word of operands) refuse(reader, word, MAKE);
  return options.some(({ name, value }) => name === 'f' && value?.text === '-') ? 'input' : undefined;
}

/** Options may stand between operands; `leading` of them stand before all. */
function splitAll(words: readonly Word[], from: number, takes: Takes): { options: Option[]; operands: Word[]; leading: number } {
  const options: Option[] = [];
  const operands: Word[] = [];
  let leading = 0;
  let at = from;
  while (at < words.length) {
    const part = splitOptions(words, at, takes);
    for (const option of part.options) options.push(option);
    if (operands.length === 0) leading = options.length;
    const ended = words[part.operand - 1]?.text === '--' && part.operand > at;
    const rest = ended ? words.slice(part.operand) : words.slice(part.operand, part.operand + 1);
    for (const word of rest) operands.push(word);
    at = part.operand + rest.length;
    if (ended) break;
  }
  return { options, operands, leading };
}

function refuse(reader: ShellReader, word: Word | undefined, refusal: Refusal): void {
  if (word?.holds === true) reader.placing.refuse(word.start, word.end, refusal);
}
