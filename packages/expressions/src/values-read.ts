import type { JsonValue } from '@kb-labs/contracts';

import type { Expression, Node, PathStep } from './ast.js';
import { evaluate } from './evaluate.js';
import { referencesOf, toReference } from './references.js';
import type { Scope } from './scope.js';
import { nodesOf } from './walk.js';

const MAX_ENTRIES = 20;
const MAX_TEXT = 200;

/**
 * What an expression reads, for explaining what it decided: `needs.build.result` → `"failed"`. At most 20 entries, in
 * the order of the text, also those a short circuit did not look at. Text is cut at 200 characters; an array or object
 * that is longer than that as JSON is described. Nothing that reads `secrets` is in it.
 */
export function valuesRead(expression: Expression, scope: Scope): Record<string, JsonValue> {
  const values = new Map<string, JsonValue>();
  for (const node of nodesOf(expression.root)) {
    if (values.size === MAX_ENTRIES) break;
    const reference = toReference(node);
    if (reference === undefined || readsSecrets(node)) continue;
    const name = nameOf(reference.root, node, expression);
    if (values.has(name)) continue;
    const value = tryEvaluate(node, scope);
    if (value !== undefined) values.set(name, shorten(value));
  }
  return Object.fromEntries(values);
}

function readsSecrets(node: Node): boolean {
  const part = { source: '', offset: node.offset, root: node };
  return referencesOf(part).some(({ root }) => root.toLowerCase() === 'secrets');
}

function nameOf(root: string, node: Node, expression: Expression): string {
  const steps = node.kind === 'path' ? node.steps.map((step) => stepText(step, expression)) : [];
  const name = `${root}${steps.join('')}`;
  return name.length > MAX_TEXT ? `${name.slice(0, MAX_TEXT)}…` : name;
}

function stepText(step: PathStep, expression: Expression): string {
  if (step.kind === 'filter') return '.*';
  if (step.kind === 'property') return `.${step.name}`;
  const { index } = step;
  if (index.kind === 'literal' && typeof index.value === 'string' && /^[A-Za-z_][A-Za-z0-9_-]*$/.test(index.value)) {
    return `.${index.value}`;
  }
  const start = index.offset - expression.offset;
  return `[${expression.source.slice(start, start + index.length)}]`;
}

function tryEvaluate(node: Node, scope: Scope): JsonValue | undefined {
  try {
    return evaluate({ source: '', offset: node.offset, root: node }, scope);
  } catch {
    // It explains a decision that was taken without this value, or that failed with its own error.
    return undefined;
  }
}

function shorten(value: JsonValue): JsonValue {
  if (typeof value === 'string') return value.length > MAX_TEXT ? `${value.slice(0, MAX_TEXT)}…` : value;
  if (value === null || typeof value !== 'object') return value;
  const count = Array.isArray(value) ? value.length : Object.keys(value).length;
  if (isShort(value, { left: MAX_TEXT })) return value;
  return Array.isArray(value) ? `an array of ${count}` : `an object with ${count} keys`;
}

/** Whether a value is short as JSON, without writing it out. */
function isShort(value: JsonValue, budget: { left: number }): boolean {
  if (value === null || typeof value !== 'object') {
    budget.left -= typeof value === 'string' ? value.length + 2 : String(value).length;
    return budget.left >= 0;
  }
  budget.left -= 2;
  if (budget.left < 0) return false;
  if (Array.isArray(value)) return value.every((item) => isShort(item, budget));
  return Object.entries(value).every(([key, item]) => {
    budget.left -= key.length + 4;
    return isShort(item, budget);
  });
}
