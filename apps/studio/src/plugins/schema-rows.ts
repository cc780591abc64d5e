import type { JsonObject, JsonValue } from '@kb-labs/contracts';

export interface SchemaRow {
  readonly name: string;
  /** In words: `text`, `list of numbers`, `a | b`. */
  readonly type: string;
  readonly required: boolean;
  readonly default: JsonValue | undefined;
  readonly description: string;
}

/** The properties of an object's JSON Schema as rows, those of objects within behind them as `outer.inner`; empty when it has none. */
export function schemaRows(schema: JsonObject): readonly SchemaRow[] {
  return rowsOf(schema, '', 0);
}

/** Deeper ones are in the JSON. */
const DEEPEST = 3;

function rowsOf(schema: JsonObject, prefix: string, depth: number): readonly SchemaRow[] {
  const { properties } = schema;
  if (!isObject(properties) || depth > DEEPEST) return [];
  const required = Array.isArray(schema['required']) ? schema['required'] : [];
  return Object.entries(properties).flatMap(([name, property]): SchemaRow[] => {
    const own = isObject(property) ? property : {};
    const { description } = own;
    const row = { name: `${prefix}${name}`, type: typeWords(own), required: required.includes(name), default: own['default'], description: typeof description === 'string' ? description : '' };
    return [row, ...rowsOf(own, `${row.name}.`, depth + 1)];
  });
}

const WORDS: Readonly<Record<string, string>> = { string: 'text', number: 'number', integer: 'whole number', boolean: 'true or false', object: 'object', array: 'list', null: 'nothing' };
const MANY = 12;

function typeWords(schema: JsonObject): string {
  const { type, items } = schema;
  if (schema['const'] !== undefined) return JSON.stringify(schema['const']);
  if (Array.isArray(schema['enum'])) {
    const shown = schema['enum'].slice(0, MANY).map((each) => (typeof each === 'string' ? each : JSON.stringify(each)));
    return `${shown.join(' | ')}${schema['enum'].length > MANY ? ' | …' : ''}`;
  }
  const choices = [schema['anyOf'], schema['oneOf']].find(Array.isArray) as readonly JsonValue[] | undefined;
  if (choices !== undefined) return [...new Set(choices.map((each) => (isObject(each) ? typeWords(each) : 'anything')))].join(' or ');
  if (type === 'array' && isObject(items)) return `list of ${typeWords(items)}`;
  if (Array.isArray(type)) return type.map((each) => WORDS[String(each)] ?? String(each)).join(' or ');
  return typeof type === 'string' ? (WORDS[type] ?? type) : 'anything';
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
