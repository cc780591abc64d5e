/**
 * The language of `${{ }}`: GitHub's literals, operators, coercions and functions over the contexts of a run.
 * Parse gives an expression or a located problem; references and calls say what it reads; evaluate gives its value.
 * Pure: no clock, no environment, no input or output.
 */
export type { Expression, FunctionName } from './ast.js';
export { callsOf, callsStatusFunction } from './calls.js';
export type { FunctionCall } from './calls.js';
export { evaluate, evaluateCondition } from './evaluate.js';
export { evaluateDeep, evaluateTemplate, evaluateText } from './evaluate-template.js';
export { KNOWN_CONTEXTS, KNOWN_FUNCTIONS } from './names.js';
export { parseExpression } from './parse.js';
export type { ParsedExpression } from './parse.js';
export type { ExpressionProblem } from './problem.js';
export { referencesOf } from './references.js';
export type { Reference } from './references.js';
export type { Scope, StatusFunctions } from './scope.js';
export { hasExpression, isWholeExpression, parseCondition, parseTemplate } from './template.js';
export type { ParsedTemplate, Segment, TemplateResult } from './template.js';
export { valuesRead } from './values-read.js';
