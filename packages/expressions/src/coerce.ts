import type { JsonValue } from '@kb-labs/contracts';

/** GitHub's coercion to a number: null 0, false 0, true 1, text as JavaScript reads it, everything else NaN. */
export function toNumber(value: JsonValue): number {
  if (value === null) return 0;
  if (typeof value === 'object') return Number.NaN;
  return Number(value);
}

/** GitHub's coercion to text. Numbers keep at most fifteen decimals; an array is `Array`, an object `Object`. */
export function toText(value: JsonValue): string {
  if (value === null) return '';
  if (typeof value === 'number') return value === 0 ? '0' : String(Number(value.toFixed(15)));
  if (typeof value === 'object') return Array.isArray(value) ? 'Array' : 'Object';
  return String(value);
}

/** False for null, false, 0, NaN and the empty text. */
export function isTruthy(value: JsonValue): boolean {
  return Boolean(value);
}

export function isPrimitive(value: JsonValue): value is null | boolean | number | string {
  return value === null || typeof value !== 'object';
}
