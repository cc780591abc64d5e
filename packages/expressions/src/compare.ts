import type { JsonValue } from '@kb-labs/contracts';

import type { Comparator } from './ast.js';
import { toNumber } from './coerce.js';
import { toUpper } from './upper-case.js';
import type { Work } from './work.js';

/** A comparison by GitHub's rules: text without regard to case, values of two types as numbers. */
export function compare(left: JsonValue, operator: Comparator, right: JsonValue, work: Work): boolean {
  switch (operator) {
    case '==':
      return looselyEqual(left, right, work);
    case '!=':
      return !looselyEqual(left, right, work);
    case '<':
      return order(left, right, work) === -1;
    case '>':
      return order(left, right, work) === 1;
    case '<=':
      return looselyEqual(left, right, work) || order(left, right, work) === -1;
    case '>=':
      return looselyEqual(left, right, work) || order(left, right, work) === 1;
  }
}

/** Arrays and objects equal only themselves; NaN equals nothing. */
export function looselyEqual(left: JsonValue, right: JsonValue, work: Work): boolean {
  const kind = kindOf(left);
  if (kind === kindOf(right)) {
    if (typeof left === 'string' && typeof right === 'string') return sameText(left, right, work);
    return left === right;
  }
  return countedNumber(left, work) === countedNumber(right, work);
}

/** -1, 0 or 1; `undefined` where nothing can be said: NaN, arrays, objects. */
function order(left: JsonValue, right: JsonValue, work: Work): number | undefined {
  if (typeof left === 'string' && typeof right === 'string') return orderOf(toUpper(left, work), toUpper(right, work));
  if (left === null && right === null) return undefined;
  const a = countedNumber(left, work);
  const b = countedNumber(right, work);
  return Number.isNaN(a) || Number.isNaN(b) ? undefined : orderOf(a, b);
}

function orderOf<T extends string | number>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function sameText(left: string, right: string, work: Work): boolean {
  // Upper case makes a text at most three times as long, so these cannot be equal.
  if (left.length > 3 * right.length || right.length > 3 * left.length) return false;
  work.characters(left.length);
  return left === right || toUpper(left, work) === toUpper(right, work);
}

function countedNumber(value: JsonValue, work: Work): number {
  if (typeof value === 'string') work.characters(value.length);
  return toNumber(value);
}

function kindOf(value: JsonValue): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}
