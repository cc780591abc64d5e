import type { JsonObject, JsonValue } from '@kb-labs/contracts';

const MAX_LENGTH = 60;

/** The values of a combination in a few words, as they stand behind the name of its job. */
export function combinationText(matrix: JsonObject): string {
  const text = Object.values(matrix).map(valueText).join(', ');
  return text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH - 1)}…` : text;
}

function valueText(value: JsonValue): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
