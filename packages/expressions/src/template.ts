import type { Expression } from './ast.js';
import { parsePart, type ParsedExpression } from './parse.js';
import type { ExpressionProblem } from './problem.js';

const OPEN = '${{';
const CLOSE = '}}';
const MAX_PROBLEMS = 100;

/** A piece of a text. Offsets are UTF-16 units of that text. */
export type Segment =
  | { readonly kind: 'text'; readonly text: string; readonly offset: number }
  | {
      readonly kind: 'expression';
      /** Its offsets count from `sourceOffset`. */
      readonly expression: Expression;
      /** Everything between `${{` and `}}`. */
      readonly source: string;
      /** Of `${{`. */
      readonly offset: number;
      /** Of the first character after `${{`. */
      readonly sourceOffset: number;
      /** From `${{` through `}}`. */
      readonly length: number;
    };

export interface ParsedTemplate {
  readonly segments: readonly Segment[];
}

export type TemplateResult =
  | { readonly ok: true; readonly template: ParsedTemplate }
  | { readonly ok: false; readonly problems: readonly ExpressionProblem[] };

/** Whether the text opens an expression anywhere. */
export function hasExpression(text: string): boolean {
  return text.includes(OPEN);
}

/**
 * Cuts a text into its literal parts and its expressions. An expression ends at the first `}}` outside a
 * single-quoted string; `${{ '${{' }}` writes a literal `${{`. Reports the first hundred expressions that cannot be read.
 */
export function parseTemplate(text: string): TemplateResult {
  const segments: Segment[] = [];
  const problems: ExpressionProblem[] = [];
  let at = 0;
  for (let open = text.indexOf(OPEN); open !== -1; open = text.indexOf(OPEN, at)) {
    const sourceOffset = open + OPEN.length;
    const close = findClose(text, sourceOffset);
    if (close === -1) {
      problems.push(notClosed(open));
      break;
    }
    if (open > at) segments.push({ kind: 'text', text: text.slice(at, open), offset: at });
    at = close + CLOSE.length;
    const source = text.slice(sourceOffset, close);
    const parsed = parsePart(source, 0, source.length);
    if (parsed.ok) {
      segments.push({ kind: 'expression', expression: parsed.expression, source, offset: open, sourceOffset, length: at - open });
    } else {
      problems.push({ ...parsed.problem, offset: sourceOffset + parsed.problem.offset });
      if (problems.length === MAX_PROBLEMS) break;
    }
  }
  if (problems.length > 0) return { ok: false, problems };
  if (at < text.length) segments.push({ kind: 'text', text: text.slice(at), offset: at });
  return { ok: true, template: { segments } };
}

/**
 * Whether the text is one expression and nothing else, so that its value keeps its type. As at GitHub, white space
 * around it counts as text: a block scalar with a newline at its end is a string.
 */
export function isWholeExpression(template: ParsedTemplate): boolean {
  return template.segments.length === 1 && template.segments[0]?.kind === 'expression';
}

/**
 * Reads an `if:`: an expression with or without one `${{ }}` around all of it. Offsets count from the start of `text`.
 * GitHub takes `${{ a }} && ${{ b }}` as text, which is always true; here it is a problem.
 */
export function parseCondition(text: string): ParsedExpression {
  const start = text.length - text.trimStart().length;
  const end = text.trimEnd().length;
  if (!text.startsWith(OPEN, start)) return parsePart(text, 0, text.length);
  const close = findClose(text, start + OPEN.length);
  if (close === -1) return { ok: false, problem: notClosed(start) };
  const after = close + CLOSE.length;
  if (after === end) return parsePart(text, start + OPEN.length, close);
  const offset = after + text.slice(after).length - text.slice(after).trimStart().length;
  const hint = 'write the whole condition inside one ${{ }}, or without it';
  const message = 'a condition is one expression: there is text after the first }}';
  return { ok: false, problem: { code: 'EXPRESSION_SYNTAX', message, hint, offset } };
}

function findClose(text: string, from: number): number {
  let inString = false;
  for (let at = from; at < text.length; at += 1) {
    const char = text.charCodeAt(at);
    if (char === 0x27) inString = !inString;
    else if (!inString && char === 0x7d && text.charCodeAt(at + 1) === 0x7d) return at;
  }
  return -1;
}

function notClosed(offset: number): ExpressionProblem {
  const hint = "end it with }}, and close every string: a }} inside '…' does not count";
  return { code: 'EXPRESSION_SYNTAX', message: 'the expression is not closed', hint, offset };
}
