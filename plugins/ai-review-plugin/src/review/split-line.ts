import type { Language } from './file-kind.js';

/**
 * A line taken apart. All three have the length of the line, with spaces for what is left out, so that an
 * offset means the same place in each.
 */
export interface SplitLine {
  /** Without comments and without what stands inside strings. */
  readonly code: string;
  /** Without comments. */
  readonly text: string;
  /** Comments only. */
  readonly comment: string;
}

interface Syntax {
  readonly lineComments: readonly string[];
  readonly block?: readonly [open: string, close: string];
  /** String delimiters that end with the line at the latest. */
  readonly quotes: string;
  /** Delimiters of strings that run over lines. */
  readonly longQuotes: readonly string[];
  /** `#` starts a comment only after a space or at the start. */
  readonly spacedHash?: boolean;
}

const C_LIKE: Syntax = { lineComments: ['//'], block: ['/*', '*/'], quotes: '"\'', longQuotes: [] };
const HASH: Syntax = { lineComments: ['#'], quotes: '"\'', longQuotes: [], spacedHash: true };

const SYNTAX: Readonly<Record<Language, Syntax>> = {
  javascript: { ...C_LIKE, longQuotes: ['`'] },
  python: { lineComments: ['#'], quotes: '"\'', longQuotes: ['"""', "'''"] },
  ruby: { lineComments: ['#'], quotes: '"\'', longQuotes: [], spacedHash: true },
  php: { ...C_LIKE, lineComments: ['//', '#'] },
  go: { ...C_LIKE, longQuotes: ['`'] },
  rust: { ...C_LIKE, quotes: '"' },
  java: C_LIKE,
  csharp: C_LIKE,
  c: C_LIKE,
  shell: HASH,
  config: HASH,
  sql: { lineComments: ['--'], block: ['/*', '*/'], quotes: "'", longQuotes: [] },
  css: { lineComments: [], block: ['/*', '*/'], quotes: '"\'', longQuotes: [] },
  html: { lineComments: [], block: ['<!--', '-->'], quotes: '', longQuotes: [] },
  plain: { lineComments: [], quotes: '', longQuotes: [] },
};

/** A run of characters that open or close nothing in any language. */
const PLAIN = /[^"'`/#<{}-]+/y;

/**
 * Splits the lines of one hunk in order: block comments and long strings go on over lines.
 * A hunk starts in the middle of a file, so its first line is taken to be code, unless it has the leading `*`
 * of a comment's body. A lexer's estimate, not a parser: it decides what a rule looks at, never what runs.
 */
export class LineSplitter {
  readonly #language: Language;
  readonly #syntax: Syntax;
  /** What is open: a block comment, a long string by its delimiter, or code inside `${}` of a template. */
  #open: string[] = [];

  constructor(language: Language) {
    this.#language = language;
    this.#syntax = SYNTAX[language];
  }

  split(line: string): SplitLine {
    const parts = new Parts(line);
    if (this.#open.length === 0 && this.#syntax.block?.[0] === '/*' && /^\s*\*(?:\s|\/|$)/.test(line)) {
      parts.take('comment', line.length);
      return parts.split();
    }
    while (!parts.done) this.#step(line, parts);
    return parts.split();
  }

  #step(line: string, parts: Parts): void {
    const open = this.#open.at(-1);
    if (open !== undefined && open !== '{') {
      this.#stepInside(open, line, parts);
      return;
    }
    const { at } = parts;
    const { block } = this.#syntax;
    if (this.#startsComment(line, at)) {
      parts.take('comment', line.length - at);
    } else if (block !== undefined && line.startsWith(block[0], at)) {
      this.#open.push(block[1]);
      parts.take('comment', block[0].length);
    } else if (open === '{' && line[at] === '}') {
      this.#open.pop();
      parts.take('code', 1);
    } else if (open === '{' && line[at] === '{') {
      this.#open.push('{');
      parts.take('code', 1);
    } else if (this.#language === 'javascript' && line[at] === '/' && startsRegex(line, at)) {
      parts.take('string', regexLength(line, at));
    } else {
      this.#stepString(line, parts);
    }
  }

  #stepInside(open: string, line: string, parts: Parts): void {
    const { at } = parts;
    const comment = open === this.#syntax.block?.[1];
    if (line.startsWith(open, at)) {
      this.#open.pop();
      parts.take(comment ? 'comment' : 'code', open.length);
    } else if (!comment && line[at] === '\\') {
      parts.take('string', 2);
    } else if (open === '`' && this.#language === 'javascript' && line.startsWith('${', at)) {
      this.#open.push('{');
      parts.take('code', 2);
    } else {
      parts.take(comment ? 'comment' : 'string', 1);
    }
  }

  #stepString(line: string, parts: Parts): void {
    const { at } = parts;
    const long = this.#syntax.longQuotes.find((quote) => line.startsWith(quote, at));
    const quote = line[at] ?? '';
    if (long !== undefined) {
      this.#open.push(long);
      parts.take('code', long.length);
    } else if (this.#syntax.quotes.includes(quote)) {
      const end = closingQuote(line, at);
      parts.take('code', 1);
      parts.take('string', end - at - 1);
      parts.take('code', 1);
    } else {
      PLAIN.lastIndex = at;
      parts.take('code', PLAIN.exec(line)?.[0].length ?? 1);
    }
  }

  #startsComment(line: string, at: number): boolean {
    return this.#syntax.lineComments.some((mark) => {
      if (!line.startsWith(mark, at)) return false;
      return mark !== '#' || this.#syntax.spacedHash !== true || at === 0 || /\s/.test(line[at - 1] ?? '');
    });
  }
}

class Parts {
  readonly #line: string;
  readonly #code: string[] = [];
  readonly #text: string[] = [];
  readonly #comment: string[] = [];
  at = 0;

  constructor(line: string) {
    this.#line = line;
  }

  get done(): boolean {
    return this.at >= this.#line.length;
  }

  take(kind: 'code' | 'string' | 'comment', length: number): void {
    const piece = this.#line.slice(this.at, this.at + length);
    const blank = ' '.repeat(piece.length);
    this.#code.push(kind === 'code' ? piece : blank);
    this.#text.push(kind === 'comment' ? blank : piece);
    this.#comment.push(kind === 'comment' ? piece : blank);
    this.at += length;
  }

  split(): SplitLine {
    return { code: this.#code.join(''), text: this.#text.join(''), comment: this.#comment.join('') };
  }
}

/** The offset of the quote that closes the string opened at `at`, or the end of the line. */
function closingQuote(line: string, at: number): number {
  const quote = line[at];
  for (let end = at + 1; end < line.length; end += 1) {
    if (line[end] === '\\') end += 1;
    else if (line[end] === quote) return end;
  }
  return line.length;
}

/** A slash divides after a value and opens a regular expression after an operator. */
function startsRegex(line: string, at: number): boolean {
  const before = line.slice(Math.max(0, at - 32), at).trimEnd();
  return before === '' || /(?:[([{,;=:!&|?+\-*%~^<>]|\b(?:return|typeof|case|in|of))$/.test(before);
}

function regexLength(line: string, at: number): number {
  let inClass = false;
  for (let end = at + 1; end < line.length; end += 1) {
    if (line[end] === '\\') end += 1;
    else if (line[end] === '[') inClass = true;
    else if (line[end] === ']') inClass = false;
    else if (line[end] === '/' && !inClass) return end + 1 - at;
  }
  return 1;
}
