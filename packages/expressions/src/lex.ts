import { quote, syntaxFailure } from './problem.js';

const PAIRS = ['!=', '==', '<=', '>=', '&&', '||'] as const;
const SINGLES = ['(', ')', '[', ']', ',', '.', '*', '!', '<', '>'] as const;

export type Punctuation = (typeof PAIRS)[number] | (typeof SINGLES)[number];

const PUNCTUATION: ReadonlyMap<string, Punctuation> = new Map([...PAIRS, ...SINGLES].map((text) => [text, text]));
const SPACE = /[ \t\r\n]*/y;
const WORD = /[^\s()[\],.!<>=&|]*/y;
const NUMBER = /[^\s()[\],!<>=&|]*/y;

export type Token = { readonly offset: number; readonly end: number } & (
  | { readonly type: Punctuation }
  | { readonly type: 'literal'; readonly value: null | boolean | number | string }
  | { readonly type: 'name'; readonly name: string }
  | { readonly type: 'end' }
);

/** Reads one token at a time, so that a text refused early is not read to its end. */
export class Lexer {
  readonly #source: string;
  #at = 0;
  #previous: Token['type'] = 'end';

  constructor(source: string) {
    this.#source = source;
  }

  next(): Token {
    const token = this.#read();
    this.#previous = token.type;
    this.#at = token.end;
    return token;
  }

  #read(): Token {
    const source = this.#source;
    const offset = this.#endOf(SPACE, this.#at);
    if (offset === source.length) return { type: 'end', offset, end: offset };
    const char = source.charAt(offset);
    if (char === "'") return this.#string(offset);
    if (isDigit(char) || char === '+' || char === '-') return this.#number(offset);
    if (char === '.' && !this.#canHaveProperties()) return this.#number(offset);
    const type = PUNCTUATION.get(source.slice(offset, offset + 2)) ?? PUNCTUATION.get(char);
    return type === undefined ? this.#word(offset) : { type, offset, end: offset + type.length };
  }

  /** After these a dot starts a property, elsewhere a number. */
  #canHaveProperties(): boolean {
    const type = this.#previous;
    return type === 'name' || type === ']' || type === ')' || type === '*';
  }

  #string(offset: number): Token {
    const source = this.#source;
    let end = source.indexOf("'", offset + 1);
    while (end !== -1 && source.charAt(end + 1) === "'") end = source.indexOf("'", end + 2);
    if (end === -1) {
      throw syntaxFailure(offset, 'the string is not closed', "end it with ' and write a quote inside it as ''");
    }
    const value = source.slice(offset + 1, end).replaceAll("''", "'");
    return { type: 'literal', value, offset, end: end + 1 };
  }

  #number(offset: number): Token {
    const end = this.#endOf(NUMBER, offset + 1);
    const text = this.#source.slice(offset, end);
    const value = Number(text);
    if (Number.isNaN(value)) {
      const sign = /^[+-]$/.test(text) || /^[0-9.]+[+-]/.test(text);
      throw syntaxFailure(offset, `${quote(text)} is not a number`, sign ? 'there is no arithmetic in expressions' : undefined);
    }
    return { type: 'literal', value, offset, end };
  }

  #word(offset: number): Token {
    const end = this.#endOf(WORD, offset + 1);
    const name = this.#source.slice(offset, end);
    if (!/^[A-Za-z_][A-Za-z0-9_-]*$/.test(name)) {
      throw syntaxFailure(offset, `unexpected ${quote(name)}`, hintFor(name));
    }
    if (this.#previous !== '.') {
      const keyword = KEYWORDS.get(name);
      if (keyword !== undefined) return { type: 'literal', value: keyword, offset, end };
    }
    return { type: 'name', name, offset, end };
  }

  /** Where a sticky pattern that can be empty ends. */
  #endOf(pattern: RegExp, from: number): number {
    pattern.lastIndex = from;
    pattern.test(this.#source);
    return pattern.lastIndex;
  }
}

const KEYWORDS = new Map<string, null | boolean | number>([
  ['true', true],
  ['false', false],
  ['null', null],
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
]);

function isDigit(char: string): boolean {
  return char >= '0' && char <= '9';
}

function hintFor(word: string): string | undefined {
  const first = word.charAt(0);
  if (word.startsWith('${')) return 'write the whole expression inside one ${{ }}';
  if (first === '"' || first === '`') return 'strings stand in single quotes';
  if (first === '=') return 'compare with "=="';
  if (first === '&' || first === '|') return `write "${first}${first}"`;
  if (first === '/' || first === '%') return 'there is no arithmetic in expressions';
  const place = /[*/+'"]/.exec(word);
  if (place?.[0] === "'" || place?.[0] === '"') return 'put an operator or a comma before the string';
  if (place !== null) return 'there is no arithmetic in expressions';
  return undefined;
}
