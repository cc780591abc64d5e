import { ALL_CODE, ALL_NAMES, CODE_OPTIONS, DECLARERS, FILTERS, INTERPRETERS, LAUNCHERS, PLAIN_DATA, WRAPPERS, type Wrapper } from './code-commands.js';
import { commandName } from './command-name.js';
import { judgeCodeOptions, judgeFilter, judgeGit, judgeInterpreter, judgeMake, judgeSsh } from './judge-program.js';
import { judgeDeclaration, judgePrintf, judgeRead, judgeTestCommand } from './judge-builtin.js';
import type { ShellReader } from './reader.js';
import type { Word } from './read-word.js';
import { isOption, splitOptions, type Option } from './split-options.js';
import { ALIASED, ARITHMETIC, COMMAND, NAME, PROGRAM_INPUT, SHELL_CODE } from './shell-refusals.js';
import type { Refusal } from '../placing.js';

/** Whether the words so far make the next ones declarations: `export A=…`. */
export function isDeclaring(words: readonly Word[]): boolean {
  const [first, second] = words;
  const declarer = first?.text === 'command' || first?.text === 'builtin' ? second : first;
  return declarer?.literal === true && DECLARERS.has(declarer.text);
}

/**
 * Refuses the expressions of a simple command that the command would take as code. Gives a refusal for what reaches its
 * standard input, when it reads its program there.
 */
export function judgeCommand(reader: ShellReader, words: readonly Word[]): Refusal | undefined {
  const whole = judgeWords(reader, words);
  if (words.every(({ solid }) => solid)) return whole;
  // With the words that may be none when the script runs, and without them.
  return judgeWords(reader, words.filter(({ solid }) => solid)) ?? whole;
}

function judgeWords(reader: ShellReader, words: readonly Word[]): Refusal | undefined {
  const { at, fromInput, hasCode } = unwrap(reader, words);
  const head = words[at];
  // What `env -S` and its kin start may read anything.
  if (hasCode) return PROGRAM_INPUT;
  if (head === undefined) return undefined;
  if (head.holds) {
    reader.placing.refuse(head.start, head.end, COMMAND);
    return undefined;
  }
  const program = judgeNamed(reader, words, at);
  if (program === 'input') return PROGRAM_INPUT;
  const takesCode = program === 'given' || ['ssh', 'make'].includes(commandName(head));
  return fromInput === 'inserted' && takesCode ? PROGRAM_INPUT : undefined;
}

/** How `xargs` hands its input to the command: as further words, or in place of a mark inside the words. */
type FromInput = 'appended' | 'inserted' | undefined;

/** Goes past `sudo`, `env A=1`, `timeout 5` and their kin, to the command they start. */
function unwrap(reader: ShellReader, words: readonly Word[]): { at: number; fromInput: FromInput; hasCode: boolean } {
  let at = 0;
  let hasCode = false;
  let fromInput: FromInput;
  for (let head = words[at]; head?.literal === true; head = words[at]) {
    const name = commandName(head);
    const wrapper = WRAPPERS.get(name);
    if (wrapper === undefined) break;
    const takes = (option: string): number =>
      isOption(option, `${wrapper.values ?? ''}${wrapper.code ?? ''}`, [...(wrapper.longValues ?? []), ...(wrapper.longCode ?? [])]) ? 1 : 0;
    const { options, operand } = splitOptions(words, at + 1, takes);
    if (refuseCode(reader, options, wrapper)) hasCode = true;
    if (options.some(({ name: option }) => isOption(option, wrapper.asks, undefined))) return { at: words.length, fromInput, hasCode };
    if (name === 'xargs') fromInput = options.some((option) => isOption(option.name, 'Ii', ['--replace'])) ? 'inserted' : (fromInput ?? 'appended');
    at = pastAssignments(reader, words, operand) + (wrapper.operands ?? 0);
    if (wrapper.operands === undefined) continue;
    // `flock file -c code`
    const late = splitOptions(words, at, takes);
    if (refuseCode(reader, late.options, wrapper)) hasCode = true;
    at = late.operand;
  }
  return { at, fromInput, hasCode };
}

/** Gives whether an option holds code. */
function refuseCode(reader: ShellReader, options: readonly Option[], { code, longCode }: Wrapper): boolean {
  const found = options.filter(({ name }) => isOption(name, code, longCode));
  for (const { value } of [...found, ...options.filter(({ name }) => name === '')]) refuseWord(reader, value, SHELL_CODE);
  return found.length > 0;
}

/** `env A=1 B=2 command` and `sudo A=1 command`. */
function pastAssignments(reader: ShellReader, words: readonly Word[], from: number): number {
  let at = from;
  for (let word = words[at]; word !== undefined; word = words[at]) {
    const name = /^([A-Za-z_]\w*)=/.exec(word.text)?.[1];
    if (name === undefined) break;
    reader.assignments.push({ start: word.start, end: word.end, name, declared: false });
    at += 1;
  }
  return at;
}

/** Where a command gets a program from: its words, its standard input, or it takes none. */
type ProgramSource = 'given' | 'input' | undefined;

function judgeNamed(reader: ShellReader, words: readonly Word[], at: number): ProgramSource {
  const head = words[at];
  if (head === undefined) return undefined;
  if (!head.literal) return judgeUnknown(reader, words, at);
  const name = commandName(head);
  const interpreter = INTERPRETERS.get(name);
  if (interpreter !== undefined) return judgeInterpreter(reader, words, at, interpreter);
  const filter = FILTERS.get(name);
  if (filter !== undefined) return judgeFilter(reader, words, at, filter);
  judgeBuiltin(reader, words, at, name);
  if (PLAIN_DATA.has(name)) return undefined;
  const program = judgeTool(reader, words, at, name);
  const inner = judgeInner(reader, words, at + 1);
  return program ?? (LAUNCHERS.has(name) ? inner : undefined);
}

/** A command whose name only the running script knows may be an interpreter. */
function judgeUnknown(reader: ShellReader, words: readonly Word[], at: number): ProgramSource {
  const flags = new Set(['-c', '-e', '-p', '--eval', '--print', '--command', '-Command']);
  for (let i = at + 1; i < words.length; i += 1) {
    if (flags.has(words[i - 1]?.text ?? '')) refuseWord(reader, words[i], SHELL_CODE);
  }
  const inner = judgeInner(reader, words, at + 1);
  const hasFile = words.slice(at + 1).some(({ text, literal }) => !text.startsWith('-') && !(literal && text === ''));
  return hasFile ? inner : 'input';
}

function judgeBuiltin(reader: ShellReader, words: readonly Word[], at: number, name: string): void {
  if (DECLARERS.has(name)) return judgeDeclaration(reader, words, at);
  if (ALL_CODE.has(name)) return refuseFrom(reader, words, at + 1, SHELL_CODE);
  if (ALL_NAMES.has(name)) return judgeNames(reader, words, at);
  switch (name) {
    case '[':
    case 'test':
      return judgeTestCommand(reader, words, at);
    case 'printf':
      return judgePrintf(reader, words, at);
    case 'read':
      return judgeRead(reader, words, at);
    case 'let':
      return refuseFrom(reader, words, at + 1, ARITHMETIC);
    case 'alias':
      if (words[at + 1] !== undefined) reader.placing.refuse(words[at]?.end ?? 0, reader.text.length, ALIASED);
      return;
  }
}

function judgeNames(reader: ShellReader, words: readonly Word[], at: number): void {
  for (const word of words.slice(at + 1)) reader.arrays.add(word.text);
  refuseFrom(reader, words, at + 1, NAME);
}

function judgeTool(reader: ShellReader, words: readonly Word[], at: number, name: string): ProgramSource {
  switch (name) {
    case 'ssh':
      return judgeSsh(reader, words, at);
    case 'make':
    case 'gmake':
      return judgeMake(reader, words, at);
    case 'find':
      return judgeFind(reader, words, at);
    case 'git':
      judgeGit(reader, words, at);
      break;
  }
  const row = CODE_OPTIONS.get(name);
  return row === undefined ? undefined : judgeCodeOptions(reader, words, at, row);
}

/** The command after `-exec` of find, up to `;` or `+`. */
function judgeFind(reader: ShellReader, words: readonly Word[], from: number): undefined {
  for (let at = from + 1; at < words.length; at += 1) {
    if (!['-exec', '-execdir', '-ok', '-okdir'].includes(words[at]?.text ?? '')) continue;
    let end = at + 1;
    while (end < words.length && ![';', '+'].includes(words[end]?.text ?? '')) end += 1;
    const inner = words.slice(at + 1, end);
    if (inner.some((word) => commandName(word) === 'find')) refuseFrom(reader, inner, 0, COMMAND);
    else judgeCommand(reader, inner);
    at = end;
  }
}

/** Interpreters started further right, as in `docker run image sh -c '…'`. */
function judgeInner(reader: ShellReader, words: readonly Word[], from: number): ProgramSource {
  let source: ProgramSource;
  for (let at = from; at < words.length; at += 1) {
    const word = words[at];
    const row = word?.literal === true ? INTERPRETERS.get(commandName(word)) : undefined;
    if (row !== undefined) source = judgeInterpreter(reader, words, at, row) === 'input' ? 'input' : (source ?? 'given');
  }
  return source;
}

function refuseFrom(reader: ShellReader, words: readonly Word[], from: number, refusal: Refusal): void {
  for (let at = from; at < words.length; at += 1) refuseWord(reader, words[at], refusal);
}

function refuseWord(reader: ShellReader, word: Word | undefined, refusal: Refusal): void {
  if (word?.holds === true) reader.placing.refuse(word.start, word.end, refusal);
}
