import { isJsonObject } from '@kb-labs/contracts';

/**
 * The one text of a JSON value: no white space, keys in one order. As RFC 8785 has it, but for two things that what a step has left can hold:
 * half of a character is written as its escape, and keys that are whole numbers come first.
 */
export function exportText(value: object | string | number | boolean | null): string {
  return JSON.stringify(value, (_, found: unknown) => (isJsonObject(found) ? Object.fromEntries(Object.entries(found).toSorted(([a], [b]) => (a < b ? -1 : 1))) : found));
}
