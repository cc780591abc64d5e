import { CallArguments } from './call-arguments.js';
import { escapeLength, refuseGlued } from './identifiers.js';
import { NotFollowed, type Place, type Placing, type Refusal, type Render } from './placing.js';

const codeReference: Render = (variable, breaks) =>
  breaks === 0 ? `process.env.${variable}` : `process.env[${'\n'.repeat(breaks)}"${variable}"]`;
const templateReference: Render = (variable, breaks) => `\${process.env.${variable}${'\n'.repeat(breaks)}}`;
const lineCommentReference: Render = (variable, breaks) => `${variable}${'\n//'.repeat(breaks)}`;
const blockCommentReference: Render = (variable, breaks) => `${variable}${'\n'.repeat(breaks)}`;

const STRING: Refusal = {
  message: 'An expression cannot stand in a quoted string of JavaScript: no variable is read there.',
  hint: () => 'Write it outside the quotes ("Hello " + ${{ … }}), or use a template literal: `Hello ${{ … }}`.',
};

const REGEX: Refusal = {
  message: 'An expression cannot stand in a regular expression: the value would become part of the pattern.',
  hint: () => 'Compare strings instead: text.includes(${{ … }}).',
};

const TEMPLATE_SIGN: Refusal = {
  message: 'An expression cannot follow a backslash or a $ in a template literal: the two would be read as one.',
  hint: () => 'Leave the sign out, or write \\$ for a dollar sign before the value.',
};

const CALLS = {
  always: new Set([
    ...['eval', 'Function', 'AsyncFunction', 'GeneratorFunction', 'AsyncGeneratorFunction', 'require', 'import', 'createRequire'],
    ...['exec', 'execSync', 'runInContext', 'runInNewContext', 'runInThisContext', 'compileFunction', 'Script', 'SourceTextModule', 'Worker'],
  ]),
  withShell: new Set(['spawn', 'spawnSync', 'execFile', 'execFileSync', 'fork', '$']),
  shell: /\bshell['"]?\s*:(?!\s*false\b)/g,
  notMembers: new Set(['exec', 'Function']),
  instead: 'Give the value to a function that takes data, such as execFileSync("git", ["show", value]).',
};

/** Keywords after which a `/` begins a regular expression. */
const BEFORE_VALUE = new Set([
  ...['return', 'typeof', 'case', 'do', 'else', 'in', 'instanceof', 'new', 'void', 'delete', 'throw', 'yield', 'await', 'of', 'default'],
]);

/** Calls of these are no calls, and a `/` after their parentheses begins a regular expression. */
const STATEMENTS = new Set(['if', 'while', 'for', 'with', 'switch', 'catch']);

/** Decides about every expression of a JavaScript program. */
export function placeInNode(placing: Placing): void {
  new NodeReader(placing).read();
}

/** `template` is a `${` in a template literal. */
type Brace = 'block' | 'object' | 'template';

class NodeReader {
  readonly #placing: Placing;
  readonly #text: string;
  readonly #calls: CallArguments;
  readonly #braces: Brace[] = [];
  #at = 0;
  /** The token before: a name, a punctuator, or `value` for a literal. */
  #before = '';
  /** The name whose member `#before` is. */
  #object: string | undefined;
  /** Whether a value ended, so that a `/` divides. */
  #ended = false;

  constructor(placing: Placing) {
    this.#placing = placing;
    this.#text = placing.text;
    this.#calls = new CallArguments(placing, CALLS);
  }

  read(): void {
    if (this.#text.startsWith('#!')) this.#skipLine();
    while (this.#at < this.#text.length) this.#readToken();
    if (this.#braces.includes('template')) this.#lost('a ${ of a template literal is not closed');
    this.#calls.end(this.#text.length);
  }

  #readToken(): void {
    const place = this.#placing.startingAt(this.#at);
    if (place !== undefined) return this.#readPlace(place);
    const char = this.#text[this.#at] ?? '';
    const pair = this.#text.slice(this.#at, this.#at + 2);
    if (/\s/.test(char)) this.#at += 1;
    else if (pair === '//' || this.#text.startsWith('<!--', this.#at)) this.#skipLine();
    else if (pair === '/*') this.#skipBlock();
    else if (char === '"' || char === "'") this.#readString(char);
    else if (char === '`') this.#readTemplate(this.#at);
    else if (char === '/' && !this.#ended) this.#readRegex();
    else if (/[\p{ID_Start}$_#\\\d\ud800-\udfff]/u.test(char)) this.#readName();
    else this.#readPunctuator(char, pair);
  }

  #readPlace(place: Place): void {
    if (!refuseGlued(this.#placing, place)) this.#placing.put(place, codeReference);
    this.#at = place.end;
    this.#token('value', true);
  }

  #readName(): void {
    const name = /[\p{ID_Continue}$#\\\u200c\u200d\ud800-\udfff]+/uy;
    name.lastIndex = this.#at;
    let text = name.exec(this.#text)?.[0] ?? this.#text[this.#at] ?? '';
    const sign = text.indexOf('$');
    // A name ends where an expression begins.
    for (let i = sign; i !== -1; i = text.indexOf('$', i + 1)) {
      if (this.#placing.startingAt(this.#at + i) !== undefined) text = text.slice(0, i);
    }
    this.#at += text.length;
    const member = this.#before === '.' || this.#before === '?.';
    this.#token(text, member || !BEFORE_VALUE.has(text), member ? (this.#object ?? '') : undefined);
  }

  #readPunctuator(char: string, pair: string): void {
    const object = this.#object;
    const before = this.#before;
    switch (char) {
      case '(':
        this.#calls.open(this.#at, this.#ended || before === 'import' ? before : '', object);
        this.#at += 1;
        return this.#token('(', false);
      case ')': {
        this.#at += 1;
        const callee = this.#calls.close(this.#at);
        return this.#token(')', !STATEMENTS.has(callee));
      }
      case '{':
        this.#braces.push(this.#opensBlock() ? 'block' : 'object');
        this.#at += 1;
        return this.#token('{', false);
      case '}':
        return this.#closeBrace();
      case ']':
        this.#at += 1;
        return this.#token(']', true);
    }
    if (pair === '++' || pair === '--') {
      this.#at += 2;
      return this.#token(pair, this.#ended);
    }
    const token = pair === '=>' || (pair === '?.' && !/\d/.test(this.#text[this.#at + 2] ?? '')) ? pair : char;
    this.#at += token.length;
    // `eval?.(…)` is a call of eval, and `a.b` keeps what `b` is a member of.
    if (token === '?.' && this.#text[this.#at] === '(') return;
    this.#token(token, false, token === '.' || token === '?.' ? before : undefined);
  }

  #opensBlock(): boolean {
    return this.#ended || ['', ';', '{', '}', ')', '=>', 'else', 'do', 'try', 'finally'].includes(this.#before);
  }

  #closeBrace(): void {
    const brace = this.#braces.pop();
    this.#at += 1;
    if (brace === 'template') return this.#readTemplate(this.#at - 1);
    this.#token('}', brace === 'object');
  }

  /** Reads template text from the backtick, or the brace, at `start` to the next `${` or the closing backtick. */
  #readTemplate(start: number): void {
    if (this.#text[start] === '`') {
      // A tag is called with the text: the same rules as for the arguments of a call.
      this.#calls.open(start, this.#ended ? this.#before : '', this.#object);
      this.#at = start + 1;
    }
    for (; this.#at < this.#text.length; this.#at += 1) {
      const place = this.#placing.startingAt(this.#at);
      const char = this.#text[this.#at];
      if (place !== undefined) {
        this.#placing.put(place, templateReference);
        this.#at = place.end - 1;
      } else if (char === '\\' || char === '$') {
        const next = this.#placing.startingAt(this.#at + 1);
        if (next !== undefined) this.#placing.refuse(next.start, next.end, TEMPLATE_SIGN);
        else if (char === '\\') this.#at += 1;
        else if (this.#text[this.#at + 1] === '{') {
          this.#at += 2;
          this.#braces.push('template');
          return this.#token('{', false);
        }
      } else if (char === '`') {
        this.#at += 1;
        this.#calls.close(this.#at);
        return this.#token('value', true);
      }
    }
    this.#lost('a template literal is not closed', start);
  }

  #readString(quote: string): void {
    const start = this.#at;
    this.#at += 1;
    for (let char = this.#text[this.#at]; char !== quote; char = this.#text[this.#at]) {
      const place = this.#placing.startingAt(this.#at);
      if (place !== undefined) this.#at = place.end;
      else if (char === undefined || char === '\n' || char === '\r') this.#lost('a string is not closed', start);
      else this.#at += char === '\\' && this.#placing.startingAt(this.#at + 1) === undefined ? escapeLength(this.#text, this.#at) : 1;
    }
    this.#at += 1;
    this.#placing.refuse(start, this.#at, STRING);
    this.#token('value', true);
  }

  #readRegex(): void {
    const start = this.#at;
    let inClass = false;
    this.#at += 1;
    for (let char = this.#text[this.#at]; char !== '/' || inClass; char = this.#text[this.#at]) {
      const place = this.#placing.startingAt(this.#at);
      if (place !== undefined) this.#at = place.end;
      else if (char === undefined || char === '\n' || char === '\r') this.#lost('a regular expression is not closed', start);
      else this.#at += char === '\\' && this.#placing.startingAt(this.#at + 1) === undefined ? escapeLength(this.#text, this.#at) : 1;
      if (char === '[') inClass = true;
      if (char === ']') inClass = false;
    }
    this.#at += 1;
    this.#placing.refuse(start, this.#at, REGEX);
    this.#token('value', true);
  }

  #skipLine(): void {
    for (; this.#at < this.#text.length && !/[\n\r\u2028\u2029]/.test(this.#text[this.#at] ?? ''); this.#at += 1) {
      this.#passComment(lineCommentReference);
    }
  }

  #skipBlock(): void {
    const start = this.#at;
    for (this.#at += 2; !this.#text.startsWith('*/', this.#at); this.#at += 1) {
      if (this.#at >= this.#text.length) this.#lost('a comment is not closed', start);
      this.#passComment(blockCommentReference);
    }
    this.#at += 2;
  }

  #passComment(render: Render): void {
    const place = this.#placing.startingAt(this.#at);
    if (place === undefined) return;
    this.#placing.put(place, render);
    this.#at = place.end - 1;
  }

  #token(text: string, ended: boolean, object?: string): void {
    this.#before = text;
    this.#ended = ended;
    this.#object = object;
  }

  #lost(what: string, from = this.#at): never {
    this.#calls.end(this.#text.length);
    throw new NotFollowed(what, from, 'Correct the program, or pass the value by env and read process.env.VALUE.');
  }
}
