import type { JsonObject, JsonValue } from '@kb-labs/contracts';

const PLAIN = /^(?:true|false|-?\d+(?:\.\d+)?|[[{][\s\S]*[\]}])$/;

/** What was typed for the inputs of a playbook, whose types it does not tell. What was left empty was not given. */
export function readInputs(values: Readonly<Record<string, string>>): JsonObject {
  return Object.fromEntries(Object.entries(values).flatMap(([name, text]) => (text === '' ? [] : [[name, readValue(text)]])));
}

function readValue(text: string): JsonValue {
  if (!PLAIN.test(text.trim())) return text;
  try {
    const value = JSON.parse(text) as JsonValue;
    // `1.10` is a version, and `007` a name: a number is one that is written as it would be printed.
    return typeof value === 'number' && String(value) !== text.trim() ? text : value;
  } catch {
    return text;
  }
}
