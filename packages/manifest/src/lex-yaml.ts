import { LIMITS } from '@kb-labs/contracts';
import { CST, Lexer } from 'yaml';

import { reportTooManyNodes } from './build-tree.js';
import { PROBLEM_CAP, type TextProblems } from './located.js';

/**
 * Pieces of syntax a document may have: the densest list takes three for each value. Above what people write in a document of
 * the largest size (60,000 to 100,000), and low enough that reading up to here stays a fraction of a second.
 */
const MAX_LEXEMES = 3 * LIMITS.documentNodes + 1_000;

/** Empty lines and comments cost the parser as much as values do. */
const MAX_LINES = LIMITS.documentNodes;

export interface Lexed {
  readonly lexemes: readonly string[];
  /**
   * Anything but `readable` means that a problem is recorded and nothing must be parsed: the text is over a limit
   * (`refused`), or its syntax is wrong in a way that only costs time later (`unreadable`).
   */
  readonly verdict: 'readable' | 'refused' | 'unreadable';
}

/**
 * Splits the text and refuses what later stages would be slow or lenient on: too many values, anchors, aliases,
 * tags, directives, several documents, and floods of the errors that cost the parser most.
 * What is refused alone stays in the list, so that the rest of the document is still checked.
 */
export function lexYaml(text: string, problems: TextProblems): Lexed {
  const tooFar = offsetOfLine(text, MAX_LINES + 1);
  if (tooFar !== undefined) {
    problems.say('DOCUMENT_TOO_LARGE', tooFar, `the document has more than ${MAX_LINES} lines`, 'split it into several');
    return { lexemes: [], verdict: 'refused' };
  }
  const state = new LexState(problems);
  const lexemes: string[] = [];
  let offset = 0;
  for (const lexeme of new Lexer().lex(text)) {
    const next = state.accept(lexeme, offset);
    if (next === 'end') break;
    if (next !== 'go-on') return { lexemes: [], verdict: next };
    lexemes.push(lexeme);
    if (!isMarker(lexeme)) offset += lexeme.length;
  }
  return { lexemes, verdict: 'readable' };
}

/** Where a line starts, counted from 1; `undefined` when the text has fewer. */
function offsetOfLine(text: string, line: number): number | undefined {
  let offset = 0;
  for (let at = 1; at < line; at += 1) {
    const end = text.indexOf('\n', offset);
    if (end === -1) return undefined;
    offset = end + 1;
  }
  return offset;
}

/** Lexemes of one control character carry meaning for the parser and no text. */
function isMarker(lexeme: string): boolean {
  return lexeme === CST.DOCUMENT || lexeme === CST.FLOW_END || lexeme === CST.SCALAR;
}

type Next = 'go-on' | 'end' | 'refused' | 'unreadable';

class LexState {
  readonly #problems: TextProblems;
  #lexemes = 0;
  #nodes = 0;
  #inScalar = false;
  #started = false;
  #hasContent = false;
  #ended = false;
  #flowDepth = 0;
  #afterValue = false;
  #afterComma = false;
  #misplaced = 0;

  constructor(problems: TextProblems) {
    this.#problems = problems;
  }

  accept(lexeme: string, offset: number): Next {
    this.#lexemes += 1;
    if (this.#nodes > LIMITS.documentNodes) {
      reportTooManyNodes(this.#problems, offset);
      return 'refused';
    }
    if (this.#lexemes > MAX_LEXEMES) {
      this.#problems.say('DOCUMENT_TOO_LARGE', offset, `the document has more than ${MAX_LEXEMES} pieces of syntax`, 'split it into several');
      return 'refused';
    }
    if (this.#inScalar) {
      this.#inScalar = false;
      return 'go-on';
    }
    const next = this.#acceptToken(lexeme, offset);
    if (next !== 'go-on') return next;
    if (this.#problems.full) return 'refused';
    if (this.#misplaced <= PROBLEM_CAP) return 'go-on';
    this.#problems.say('DOCUMENT_SYNTAX', offset, 'this is not YAML: too many misplaced values and commas');
    return 'unreadable';
  }

  #acceptToken(lexeme: string, offset: number): Next {
    switch (CST.tokenType(lexeme)) {
      case 'scalar':
        this.#inScalar = true;
        return this.#value(offset);
      case 'double-quoted-scalar':
        checkEscapes(lexeme, offset, this.#problems);
        return this.#quoted(lexeme, offset);
      case 'single-quoted-scalar':
        return this.#quoted(lexeme, offset);
      case 'flow-map-start':
      case 'flow-seq-start':
        this.#flowDepth += 1;
        if (this.#flowDepth > LIMITS.documentDepth) return this.#tooDeep(offset);
        return this.#value(offset);
      case 'flow-map-end':
      case 'flow-seq-end':
        this.#flowDepth = Math.max(0, this.#flowDepth - 1);
        this.#afterValue = true;
        return 'go-on';
      case 'comma':
        if (this.#afterComma) this.#misplaced += 1;
        this.#afterComma = true;
        this.#afterValue = false;
        return 'go-on';
      case 'anchor':
      case 'alias':
        this.#problems.add('DOCUMENT_ALIAS', offset, {}, hintForIndicator(lexeme));
        return this.#content(offset);
      case 'tag':
        this.#problems.add('DOCUMENT_TAG', offset, { tag: lexeme.slice(0, 60) }, hintForTag(lexeme));
        return this.#content(offset);
      case 'directive-line':
        if (!/^%YAML +1\.2\s*$/.test(lexeme)) {
          this.#problems.say('DOCUMENT_SYNTAX', offset, 'directives are not accepted', 'remove the line that starts with "%"');
        }
        return 'go-on';
      case 'doc-start':
        if (this.#started || this.#hasContent) return this.#secondDocument(offset);
        this.#started = true;
        return 'go-on';
      case 'doc-end':
        if (this.#hasContent) this.#ended = true;
        return 'go-on';
      case 'newline':
        if (this.#flowDepth === 0) this.#afterValue = false;
        return 'go-on';
      case 'space':
      case 'comment':
      case 'byte-order-mark':
      case 'doc-mode':
      case 'flow-error-end':
        return 'go-on';
      default:
        this.#afterValue = false;
        return this.#content(offset);
    }
  }

  #quoted(lexeme: string, offset: number): Next {
    if (!isClosed(lexeme)) this.#problems.say('DOCUMENT_SYNTAX', offset, `the text that starts here has no closing ${lexeme.charAt(0)}`);
    return this.#value(offset, true);
  }

  #value(offset: number, endsItself = false): Next {
    this.#nodes += 1;
    if (this.#afterValue) this.#misplaced += 1;
    this.#afterValue = endsItself || (this.#flowDepth > 0 && this.#inScalar);
    this.#afterComma = false;
    return this.#content(offset);
  }

  #content(offset: number): Next {
    this.#hasContent = true;
    return this.#ended ? this.#secondDocument(offset) : 'go-on';
  }

  /** Brackets alone are counted here; the parser's own count includes the indented levels around them. */
  #tooDeep(offset: number): Next {
    this.#problems.add('DOCUMENT_TOO_DEEP', offset, { limit: LIMITS.documentDepth });
    return 'refused';
  }

  /** The first document is still checked. */
  #secondDocument(offset: number): Next {
    this.#problems.say('DOCUMENT_SYNTAX', offset, 'a second document starts here', 'keep one document in a file');
    return 'end';
  }
}

const ESCAPE = /\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U(?:000[0-9a-fA-F]|0010)[0-9a-fA-F]{4}|[0abtnvfre"/\\N_LP \t\n\r]|([^]?))/g;

/** The parser finds wrong escapes too, at a price that a flood of them must not reach. */
function checkEscapes(lexeme: string, offset: number, problems: TextProblems): void {
  for (const match of lexeme.matchAll(ESCAPE)) {
    if (match[1] === undefined) continue;
    problems.say('DOCUMENT_SYNTAX', offset + match.index, `"${match[0]}" is not an escape of YAML`, 'write a backslash as \\\\, or use single quotes');
    if (problems.full) return;
  }
}

/** Whether a quoted text ends with its quote, and not with a doubled or escaped one. */
function isClosed(lexeme: string): boolean {
  if (lexeme.startsWith("'")) return lexeme.split("'").length % 2 === 1;
  let at = lexeme.length - 2;
  while (at > 0 && lexeme[at] === '\\') at -= 1;
  return lexeme.length > 1 && lexeme.endsWith('"') && (lexeme.length - 2 - at) % 2 === 0;
}

function hintForIndicator(lexeme: string): string {
  const what = lexeme.startsWith('*') ? 'a text that starts with "*" stands in quotes' : 'a text that starts with "&" stands in quotes';
  return `write the value out where it is used; ${what}`;
}

function hintForTag(lexeme: string): string {
  if (lexeme === '!!str') return 'put the value in quotes to make it text';
  if (lexeme.startsWith('!!')) return 'remove the tag';
  return 'an expression or text that starts with "!" stands in quotes';
}
