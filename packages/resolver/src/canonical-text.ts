import { isJsonObject, type JsonValue } from '@kb-labs/contracts';

/** The same text for values that are deeply equal, whatever the order of their keys; another for any others. */
export function canonicalText(value: JsonValue): string {
  return JSON.stringify(value, (_key, part: JsonValue) => (isJsonObject(part) ? Object.fromEntries(Object.entries(part).toSorted(byKey)) : part));
}

function byKey([a]: [string, JsonValue], [b]: [string, JsonValue]): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
