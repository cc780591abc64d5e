import type { JsonObject, JsonValue } from '@kb-labs/contracts';

interface FieldBase {
  readonly name: string;
  readonly label: string;
  readonly description: string | undefined;
  readonly required: boolean;
  /** Used by whoever reads the answers when there is none. */
  readonly default: JsonValue | undefined;
}

/** What one is asked for one property. What has no field of its own is asked for as JSON. */
export type Field = FieldBase &
  (
    | { readonly kind: 'text'; readonly input: 'text' | 'long' | 'date' | 'email' | 'url' }
    | { readonly kind: 'number'; readonly whole: boolean }
    | { readonly kind: 'boolean' }
    | { readonly kind: 'choice'; readonly options: readonly JsonValue[] }
    | { readonly kind: 'choices'; readonly options: readonly JsonValue[] }
    | { readonly kind: 'list'; readonly of: 'text' | 'number' }
    | { readonly kind: 'group'; readonly fields: readonly Field[] }
    | { readonly kind: 'json' }
  );

/** The fields of an object's JSON Schema, in the order of its properties; `undefined` when it cannot be asked for field by field. */
export function fieldsOf(schema: JsonObject): readonly Field[] | undefined {
  return propertiesOf(schema, true);
}

/** A schema that combines others says more than its properties do. */
const COMBINING = ['$ref', '$dynamicRef', 'allOf', 'anyOf', 'oneOf', 'not', 'if', 'patternProperties', 'propertyNames', 'dependentSchemas'];

function propertiesOf(schema: JsonObject, outermost: boolean): readonly Field[] | undefined {
  const { type = 'object', properties } = schema;
  if (type !== 'object' || !isObject(properties) || Object.keys(properties).length === 0 || isCombining(schema)) return undefined;
  const required = Array.isArray(schema['required']) ? schema['required'] : [];
  return Object.entries(properties).map(([name, property]) => toField(name, property, { required: required.includes(name), outermost }));
}

function toField(name: string, property: JsonValue, { required, outermost }: { readonly required: boolean; readonly outermost: boolean }): Field {
  const schema = isObject(property) ? property : {};
  const { title, description, default: unset } = schema;
  const base: FieldBase = {
    name,
    label: typeof title === 'string' && title !== '' ? title : name,
    description: typeof description === 'string' && description !== '' ? description : undefined,
    required,
    default: unset,
  };
  if (isCombining(schema)) return { ...base, kind: 'json' };
  const options = optionsOf(schema);
  if (options !== undefined) return { ...base, kind: 'choice', options };
  switch (schema['type']) {
    case 'string':
      return { ...base, kind: 'text', input: inputOf(schema) };
    case 'number':
    case 'integer':
      return { ...base, kind: 'number', whole: schema['type'] === 'integer' };
    case 'boolean':
      return { ...base, kind: 'boolean' };
    case 'array':
      return toListField(base, schema);
    case 'object': {
      const fields = outermost ? propertiesOf(schema, false) : undefined;
      return fields === undefined ? { ...base, kind: 'json' } : { ...base, kind: 'group', fields };
    }
    default:
      return { ...base, kind: 'json' };
  }
}

function toListField(base: FieldBase, schema: JsonObject): Field {
  const { items } = schema;
  if (!isObject(items) || isCombining(items) || schema['prefixItems'] !== undefined) return { ...base, kind: 'json' };
  const options = optionsOf(items);
  if (options !== undefined) return schema['uniqueItems'] === true ? { ...base, kind: 'choices', options } : { ...base, kind: 'json' };
  if (items['type'] === 'string') return { ...base, kind: 'list', of: 'text' };
  return items['type'] === 'number' || items['type'] === 'integer' ? { ...base, kind: 'list', of: 'number' } : { ...base, kind: 'json' };
}

function optionsOf(schema: JsonObject): readonly JsonValue[] | undefined {
  if (schema['const'] !== undefined) return [schema['const']];
  return Array.isArray(schema['enum']) && schema['enum'].length > 0 ? schema['enum'] : undefined;
}

/** Texts that are short by what is allowed get one line. */
const SHORT = 80;

function inputOf({ format, maxLength, pattern }: JsonObject): 'text' | 'long' | 'date' | 'email' | 'url' {
  if (format === 'date' || format === 'email') return format;
  if (format === 'uri') return 'url';
  return format !== undefined || pattern !== undefined || (typeof maxLength === 'number' && maxLength <= SHORT) ? 'text' : 'long';
}

function isCombining(schema: JsonObject): boolean {
  return COMBINING.some((word) => schema[word] !== undefined);
}

export function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
