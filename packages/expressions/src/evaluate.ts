import type { JsonValue } from '@kb-labs/contracts';

import type { Expression } from './ast.js';
import { isTruthy } from './coerce.js';
import { Evaluation } from './evaluation.js';
import type { Scope } from './scope.js';

/**
 * The value of an expression. One pass: what values say is never read as an expression again.
 * Parts of the result can be the very objects of `scope`: do not change them.
 *
 * Throws `EXPRESSION_FAILED` for text that `fromJSON` or `format` cannot read, a `case` condition that is no boolean,
 * a function that is not available at this place, a result that JSON cannot hold, and a cost over the limits.
 */
export function evaluate(expression: Expression, scope: Scope): JsonValue {
  return new Evaluation(scope).json(expression);
}

/** Whether the value counts as true: not null, false, 0, NaN or the empty text. Adds no `success()`. */
export function evaluateCondition(expression: Expression, scope: Scope): boolean {
  return isTruthy(new Evaluation(scope).raw(expression));
}
