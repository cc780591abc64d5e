import { TreeBuilder } from './build-tree.js';
import type { LocatedNode, MapEntry, TextProblems } from './located.js';
import type { Place } from './place.js';

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
// Control characters are refused by the class of what may stand for itself.
const STRING = /"(?:[\u0020\u0021\u0023-\u005b\u005d-\uffff]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const WORD = /[A-Za-z_$][\w$]*/y;

/** Strict JSON (RFC 8259) with places. The first syntax error ends the reading; a trailing comma does not. */
export function readJson(text: string, problems: TextProblems, placeAt: (offset: number) => Place): LocatedNode | undefined {
  const reader = new JsonReader(text, problems, new TreeBuilder(problems, placeAt));
  return reader.document();
}

/** Thrown and caught inside this file to leave nested readers at the first syntax error. */
class Stop extends Error {}

class JsonReader {
  readonly #text: string;
  readonly #problems: TextProblems;
  readonly #tree: TreeBuilder;
  #at = 0;

  constructor(text: string, problems: TextProblems, tree: TreeBuilder) {
    this.#text = text;
    this.#problems = problems;
    this.#tree = tree;
  }

  document(): LocatedNode | undefined {
    try {
      this.#skipSpace();
      if (this.#at === this.#text.length) return undefined;
      const root = this.#value(1);
      this.#skipSpace();
      if (this.#at < this.#text.length) this.#fail('the document ends here, but text follows');
      return root;
    } catch (thrown) {
      if (thrown instanceof Stop) return undefined;
      throw thrown;
    }
  }

  #value(depth: number): LocatedNode {
    const start = this.#at;
    const first = this.#text[start];
    if (first === '{' || first === '[') {
      // Entering is refused before the recursion, so the stack is bounded by the depth limit.
      if (!this.#tree.mayEnter(depth, start)) throw new Stop();
      return first === '{' ? this.#object(depth) : this.#array(depth);
    }
    if (first === '"') return this.#tree.scalar(this.#string(), 'json', { start, end: this.#at });
    if (first === '-' || (first !== undefined && first >= '0' && first <= '9')) {
      return this.#tree.scalar(Number(this.#number()), 'json', { start, end: this.#at });
    }
    return this.#tree.scalar(this.#word(), 'json', { start, end: this.#at });
  }

  #object(depth: number): LocatedNode {
    const start = this.#at;
    const entries = new Map<string, MapEntry>();
    this.#members('}', () => {
      const keyStart = this.#at;
      if (this.#text[keyStart] !== '"') this.#fail(`expected a key in double quotes, found ${this.#found()}`);
      const key = this.#string();
      const keyEnd = this.#at;
      this.#skipSpace();
      if (this.#text[this.#at] !== ':') this.#fail(`expected ":" after the key, found ${this.#found()}`);
      this.#at += 1;
      this.#skipSpace();
      this.#tree.entry(entries, key, { start: keyStart, end: keyEnd }, this.#value(depth + 1));
    });
    return this.#tree.map(entries, { start, end: this.#at });
  }

  #array(depth: number): LocatedNode {
    const start = this.#at;
    const items: LocatedNode[] = [];
    this.#members(']', () => items.push(this.#value(depth + 1)));
    return this.#tree.list(items, { start, end: this.#at });
  }

  /** `open member , member … close`, with the cursor on `open`; leaves it behind `close`. */
  #members(close: string, member: () => void): void {
    this.#at += 1;
    this.#skipSpace();
    let comma: number | undefined;
    while (this.#text[this.#at] !== close) {
      if (this.#tree.tooLarge || this.#problems.full) throw new Stop();
      member();
      comma = undefined;
      this.#skipSpace();
      if (this.#text[this.#at] === ',') {
        comma = this.#at;
        this.#at += 1;
        this.#skipSpace();
      } else if (this.#text[this.#at] !== close) {
        this.#fail(`expected "," or "${close}", found ${this.#found()}`);
      }
    }
    if (comma !== undefined) this.#problems.say('DOCUMENT_SYNTAX', comma, 'JSON has no comma after the last value', 'remove the comma');
    this.#at += 1;
  }

  #string(): string {
    const raw = this.#match(STRING);
    if (raw === undefined) return this.#failInString();
    return JSON.parse(raw) as string;
  }

  #number(): string {
    const start = this.#at;
    const raw = this.#match(NUMBER);
    const next = this.#text[this.#at];
    if (raw === undefined || (next !== undefined && /[\w.+-]/.test(next))) {
      this.#at = start;
      return this.#fail('this is not a JSON number', 'numbers are written as 12, -3.5 or 1e6');
    }
    return raw;
  }

  #word(): boolean | null {
    const start = this.#at;
    switch (this.#match(WORD)) {
      case 'true':
        return true;
      case 'false':
        return false;
      case 'null':
        return null;
      default:
        this.#at = start;
        return this.#fail(`expected a value, found ${this.#found()}`);
    }
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const raw = pattern.exec(this.#text)?.[0];
    if (raw !== undefined) this.#at += raw.length;
    return raw;
  }

  #skipSpace(): void {
    for (;;) {
      const char = this.#text[this.#at];
      if (char !== ' ' && char !== '\n' && char !== '\r' && char !== '\t') return;
      this.#at += 1;
    }
  }

  /** The place inside a string that makes it none. */
  #failInString(): never {
    const start = this.#at;
    for (let at = start + 1; at < this.#text.length; at += 1) {
      const char = this.#text[at] ?? '';
      if (char === '"') break;
      if (char === '\n' || char === '\r') return this.#failAt(start, 'the text is not closed on its line', 'add the closing quote; a line break is written as \\n');
      if (char < ' ') return this.#failAt(at, 'a control character cannot stand in a JSON text', 'write it as an escape: \\t, \\u0000');
      if (char === '\\') {
        const escape = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;
        escape.lastIndex = at;
        if (!escape.test(this.#text)) return this.#failAt(at, 'this is not a JSON escape', 'write a backslash as \\\\');
        at = escape.lastIndex - 1;
      }
    }
    return this.#failAt(start, 'the text has no closing quote');
  }

  #found(): string {
    const char = this.#text[this.#at];
    if (char === undefined) return 'the end of the document';
    WORD.lastIndex = this.#at;
    const word = WORD.exec(this.#text)?.[0];
    return `"${(word ?? String.fromCodePoint(this.#text.codePointAt(this.#at) ?? 0)).slice(0, 40)}"`;
  }

  #fail(message: string, hint?: string): never {
    const char = this.#text[this.#at];
    return this.#failAt(this.#at, message, hint ?? hintFor(char));
  }

  #failAt(offset: number, message: string, hint?: string): never {
    this.#problems.say('DOCUMENT_SYNTAX', offset, message, hint);
    throw new Stop();
  }
}

function hintFor(char: string | undefined): string | undefined {
  if (char === '/' || char === '#') return 'JSON has no comments: remove it, or use a .yml file';
  if (char === "'") return 'JSON texts stand in double quotes';
  return undefined;
}
