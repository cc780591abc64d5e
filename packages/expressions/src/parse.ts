import { LIMITS } from '@kb-labs/contracts';
import { suggestName } from '@kb-labs/errors';

import type { Comparator, Expression, Node, PathStep } from './ast.js';
import { Lexer, type Punctuation, type Token } from './lex.js';
import { KNOWN_FUNCTIONS, type Signature, signatureOf } from './names.js';
import { type ExpressionProblem, ParseFailure, quote, sizeFailure, syntaxFailure } from './problem.js';

export type ParsedExpression =
  | { readonly ok: true; readonly expression: Expression }
  | { readonly ok: false; readonly problem: ExpressionProblem };

/**
 * Reads one expression, without `${{ }}` around it.
 *
 * Accepts at most `LIMITS.expressionLength` UTF-16 units, `LIMITS.expressionNodes` literals, names, properties,
 * indexes, calls and operators, and `LIMITS.expressionDepth` parentheses, brackets, calls and `!` around one another.
 */
export function parseExpression(source: string): ParsedExpression {
  return parsePart(source, 0, source.length);
}

/** As `parseExpression` for a part of a text; offsets count from the start of the text. */
export function parsePart(text: string, start: number, end: number): ParsedExpression {
  if (end - start > LIMITS.expressionLength) {
    const message = `it has ${end - start} characters, more than ${LIMITS.expressionLength}`;
    return { ok: false, problem: { code: 'EXPRESSION_TOO_LARGE', message, offset: start } };
  }
  const source = text.slice(start, end);
  const offset = start + source.length - source.trimStart().length;
  try {
    const root = new Parser(source, start).parse();
    return { ok: true, expression: { source: source.trim(), offset, root } };
  } catch (thrown) {
    if (!(thrown instanceof ParseFailure)) throw thrown;
    const { problem } = thrown;
    return { ok: false, problem: { ...problem, offset: start + problem.offset } };
  }
}

/** Recursive descent, from the weakest operator to the strongest. Its recursion is bounded by the depth it counts. */
class Parser {
  readonly #lexer: Lexer;
  readonly #shift: number;
  #token: Token;
  #end = 0;
  #depth = 0;
  #nodes = 0;

  constructor(source: string, shift: number) {
    this.#lexer = new Lexer(source);
    this.#shift = shift;
    this.#token = this.#lexer.next();
  }

  parse(): Node {
    if (this.#is('end')) throw syntaxFailure(0, 'the expression is empty');
    const root = this.#or();
    if (!this.#is('end')) throw this.#unexpected();
    return root;
  }

  #or(): Node {
    return this.#logical('||', () => this.#logical('&&', () => this.#equality()));
  }

  #logical(operator: '&&' | '||', operand: () => Node): Node {
    const first = operand();
    if (!this.#is(operator)) return first;
    const operands = [first];
    while (this.#is(operator)) {
      this.#count();
      this.#advance();
      operands.push(operand());
    }
    return { kind: 'logical', operator, operands, ...this.#from(first) };
  }

  #equality(): Node {
    return this.#comparison(['==', '!='], () => this.#comparison(['<', '<=', '>', '>='], () => this.#not()));
  }

  #comparison(operators: readonly Comparator[], operand: () => Node): Node {
    const first = operand();
    const rest: { operator: Comparator; operand: Node }[] = [];
    for (;;) {
      const { type } = this.#token;
      const operator = operators.find((candidate) => candidate === type);
      if (operator === undefined) break;
      this.#count();
      this.#advance();
      rest.push({ operator, operand: operand() });
    }
    return rest.length === 0 ? first : { kind: 'comparison', first, rest, ...this.#from(first) };
  }

  #not(): Node {
    const offsets: number[] = [];
    while (this.#is('!')) {
      offsets.push(this.#token.offset);
      this.#count();
      this.#enter();
      this.#advance();
    }
    let node = this.#postfix();
    for (const offset of offsets.reverse()) {
      node = { kind: 'not', operand: node, ...this.#place(offset) };
      this.#depth -= 1;
    }
    return node;
  }

  #postfix(): Node {
    const isLiteral = this.#is('literal');
    const { offset } = this.#token;
    const base = this.#primary();
    if (isLiteral) return base;
    const steps: PathStep[] = [];
    for (;;) {
      if (this.#is('.')) steps.push(this.#property());
      else if (this.#is('[')) steps.push(this.#index());
      else break;
    }
    if (steps.length === 0) return base;
    const place = this.#place(offset);
    // `(a.b).c` reads what `a.b.c` reads.
    if (base.kind === 'path') return { kind: 'path', base: base.base, steps: [...base.steps, ...steps], ...place };
    return { kind: 'path', base, steps, ...place };
  }

  #property(): PathStep {
    this.#advance();
    this.#count();
    const token = this.#token;
    if (token.type === 'name') {
      this.#advance();
      return { kind: 'property', name: token.name };
    }
    if (token.type !== '*') throw this.#unexpected('a property name');
    this.#advance();
    return { kind: 'filter' };
  }

  #index(): PathStep {
    this.#count();
    this.#enter();
    this.#advance();
    let step: PathStep;
    if (this.#is('*')) {
      this.#advance();
      step = { kind: 'filter' };
    } else {
      step = { kind: 'index', index: this.#or() };
    }
    this.#close(']');
    return step;
  }

  #primary(): Node {
    const token = this.#token;
    switch (token.type) {
      case 'literal':
        this.#count();
        this.#advance();
        return { kind: 'literal', value: token.value, ...this.#place(token.offset) };
      case 'name':
        this.#count();
        this.#advance();
        if (this.#is('(')) return this.#call(token.name, token.offset);
        return { kind: 'name', name: token.name, ...this.#place(token.offset) };
      case '(': {
        this.#enter();
        this.#advance();
        const inner = this.#or();
        this.#close(')');
        return inner;
      }
      default:
        throw this.#unexpected();
    }
  }

  #call(written: string, offset: number): Node {
    const signature = signatureOf(written);
    if (signature === undefined) {
      throw syntaxFailure(offset, `there is no function ${quote(written)}`, suggestName(written, KNOWN_FUNCTIONS));
    }
    this.#enter();
    this.#advance();
    const args: Node[] = [];
    if (!this.#is(')')) {
      args.push(this.#or());
      while (this.#is(',')) {
        this.#advance();
        args.push(this.#or());
      }
    }
    this.#close(')');
    const problem = arityProblem(signature, args.length);
    if (problem !== undefined) throw syntaxFailure(offset, problem);
    return { kind: 'call', name: signature.name, args, ...this.#place(offset) };
  }

  #is(type: Token['type']): boolean {
    return this.#token.type === type;
  }

  #advance(): void {
    this.#end = this.#token.end;
    this.#token = this.#lexer.next();
  }

  #close(type: Punctuation): void {
    if (!this.#is(type)) throw this.#unexpected(`"${type}"`);
    this.#advance();
    this.#depth -= 1;
  }

  #enter(): void {
    this.#depth += 1;
    if (this.#depth > LIMITS.expressionDepth) {
      throw sizeFailure(this.#token.offset, `it is nested deeper than ${LIMITS.expressionDepth} levels`);
    }
  }

  #count(): void {
    this.#nodes += 1;
    if (this.#nodes > LIMITS.expressionNodes) {
      throw sizeFailure(this.#token.offset, `it has more than ${LIMITS.expressionNodes} parts`);
    }
  }

  #unexpected(wanted?: string): ParseFailure {
    const token = this.#token;
    const tail = wanted === undefined ? '' : `, expected ${wanted}`;
    if (token.type === 'end') return syntaxFailure(token.offset, `the expression ends too early${tail}`);
    return syntaxFailure(token.offset, `unexpected ${quote(textOf(token))}${tail}`);
  }

  #from(first: Node): { offset: number; length: number } {
    return this.#place(first.offset - this.#shift);
  }

  #place(offset: number): { offset: number; length: number } {
    return { offset: offset + this.#shift, length: this.#end - offset };
  }
}

function textOf(token: Token): string {
  if (token.type === 'literal') return String(token.value);
  return token.type === 'name' ? token.name : token.type;
}

function arityProblem({ name, min, max }: Signature, count: number): string | undefined {
  if (name === 'case' && count >= min && count % 2 === 0) {
    return 'case takes pairs of a condition and a value, then a default: an odd number of arguments';
  }
  if (count >= min && count <= max) return undefined;
  const range = min === max ? `${min}` : count < min ? `at least ${min}` : `at most ${max}`;
  return `${name} takes ${range} ${range.endsWith(' 1') || range === '1' ? 'argument' : 'arguments'}, found ${count}`;
}
