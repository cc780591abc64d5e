import { LIMITS, type JsonValue } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';

import { toText } from './coerce.js';
import { Evaluation } from './evaluation.js';
import type { Scope } from './scope.js';
import { hasExpression, isWholeExpression, type ParsedTemplate, parseTemplate } from './template.js';
import { TemplateCache } from './template-cache.js';

/**
 * The value of a text that may hold `${{ }}`: the text itself without one, the value with its type when one expression
 * is all there is, else text. Throws `EXPRESSION_SYNTAX`, `EXPRESSION_TOO_LARGE` or `EXPRESSION_FAILED`.
 */
export function evaluateTemplate(text: string, scope: Scope): JsonValue {
  return templateValue(text, new Evaluation(scope));
}

/** As `evaluateTemplate`, always text: null is empty, an array is `Array`, an object `Object`. */
export function evaluateText(text: string, scope: Scope): string {
  return hasExpression(text) ? joinSegments(templateOf(text), new Evaluation(scope)) : text;
}

/**
 * A JSON value with every string evaluated as a template; keys stay as they are. One budget covers all of it.
 * At most `LIMITS.valueDepth` levels deep.
 */
export function evaluateDeep(value: JsonValue, scope: Scope): JsonValue {
  return deepValue(value, new Evaluation(scope), 0);
}

function deepValue(value: JsonValue, evaluation: Evaluation, depth: number): JsonValue {
  if (typeof value === 'string') return templateValue(value, evaluation);
  if (value === null || typeof value !== 'object') return value;
  if (depth === LIMITS.valueDepth) evaluation.work.fail(`the value is nested deeper than ${LIMITS.valueDepth} levels`);
  if (Array.isArray(value)) return value.map((item) => deepValue(item, evaluation, depth + 1));
  // `fromEntries` defines properties, so a key `__proto__` stays data.
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, deepValue(item, evaluation, depth + 1)]));
}

function templateValue(text: string, evaluation: Evaluation): JsonValue {
  if (!hasExpression(text)) return text;
  const template = templateOf(text);
  const [first] = template.segments;
  if (isWholeExpression(template) && first?.kind === 'expression') return evaluation.json(first.expression);
  return joinSegments(template, evaluation);
}

function joinSegments(template: ParsedTemplate, evaluation: Evaluation): string {
  let length = 0;
  const pieces = template.segments.map((segment) => {
    const piece = segment.kind === 'text' ? segment.text : toText(evaluation.raw(segment.expression));
    length += piece.length;
    if (length > LIMITS.valueBytes) evaluation.work.tooLong();
    return piece;
  });
  return evaluation.work.text(pieces.join(''));
}

const cache = new TemplateCache(LIMITS.documentBytes);

function templateOf(text: string): ParsedTemplate {
  const known = cache.get(text);
  if (known !== undefined) return known;
  const parsed = parseTemplate(text);
  if (parsed.ok) {
    cache.set(text, parsed.template);
    return parsed.template;
  }
  const [problem] = parsed.problems;
  if (problem === undefined) throw new AppError('INTERNAL', { problem: 'a template was refused without a reason' });
  throw new AppError(
    problem.code,
    { problem: problem.message, offset: problem.offset },
    problem.hint === undefined ? {} : { hint: problem.hint },
  );
}
