import type { JsonValue } from '@kb-labs/contracts';
import type { Redactor } from '@kb-labs/ports';

/** A copy with the secrets taken out of every text in it, names of keys included. */
export function redactStrings(redactor: Redactor, value: JsonValue): JsonValue {
  if (typeof value === 'string') return redactor.text(value);
  if (Array.isArray(value)) return value.map((item) => redactStrings(redactor, item));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [redactor.text(key), redactStrings(redactor, item)]));
}
