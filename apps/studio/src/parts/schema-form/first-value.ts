import type { JsonObject, JsonValue } from '@kb-labs/contracts';

import { fieldsOf, type Field } from './fields-of.js';

/** What a form begins with: defaults, what can be nothing else, and `false` where a yes or no is required. */
export function firstValue(schema: JsonObject): JsonObject {
  return ofFields(fieldsOf(schema) ?? []);
}

function ofFields(fields: readonly Field[]): JsonObject {
  return Object.fromEntries(
    fields.flatMap((field): [string, JsonValue][] => {
      const value = ofField(field);
      return value === undefined ? [] : [[field.name, value]];
    }),
  );
}

function ofField(field: Field): JsonValue | undefined {
  if (field.default !== undefined) return field.default;
  if (field.kind === 'choice') return field.required && field.options.length === 1 ? field.options[0] : undefined;
  if (field.kind === 'boolean') return field.required ? false : undefined;
  if (field.kind !== 'group') return undefined;
  const value = ofFields(field.fields);
  return field.required || Object.keys(value).length > 0 ? value : undefined;
}
