import { type OutputUnit, Validator } from '@cfworker/json-schema';
import type { JsonObject, JsonValue } from '@kb-labs/contracts';

import { isObject } from './fields-of.js';
import { keysOf, pointerTo } from './pointer.js';

/** What is wrong, by the pointer to where; empty when nothing is. */
export type Problems = Readonly<Record<string, string>>;

/**
 * Checks a value as the gateway is going to, without code made from texts. What cannot be checked here (a schema that refers
 * elsewhere) is left to the gateway.
 */
export function checkValue(schema: JsonObject, value: JsonValue): Problems {
  let errors: readonly OutputUnit[];
  try {
    ({ errors } = new Validator(schema, '2020-12', false).validate(value));
  } catch {
    return {};
  }
  const choices = errors.filter(({ keyword }) => keyword === 'anyOf' || keyword === 'oneOf').map(({ keywordLocation }) => `${keywordLocation}/`);
  const problems: Record<string, string> = {};
  for (const error of errors) {
    if (PASSING_ON.has(error.keyword) || choices.some((choice) => error.keywordLocation.startsWith(choice))) continue;
    const [pointer, text] = toProblem(schema, error);
    problems[pointer] ??= text;
  }
  return problems;
}

/** These only say that something within is wrong. */
const PASSING_ON = new Set(['$ref', '$dynamicRef', 'allOf', 'properties', 'patternProperties', 'additionalProperties', 'unevaluatedProperties', 'items', 'prefixItems', 'additionalItems', 'dependentSchemas', 'then', 'else']);

function toProblem(schema: JsonObject, { keyword, keywordLocation, instanceLocation, error }: OutputUnit): readonly [pointer: string, text: string] {
  const at = decodeURIComponent(instanceLocation.replace(/^#/, ''));
  const said = valueAt(schema, decodeURIComponent(keywordLocation.replace(/^#/, '')));
  switch (keyword) {
    case 'required':
      return [pointerTo(at, /"(.*)"\.$/s.exec(error)?.[1] ?? ''), 'is required'];
    case 'false':
      return [at, 'is not known here'];
    case 'type':
      return [at, `has to be ${[said].flat().map((type) => TYPES[String(type)] ?? String(type)).join(' or ')}`];
    case 'enum':
      return [at, Array.isArray(said) ? `has to be one of ${said.map(textOf).join(', ')}` : error];
    case 'const':
      return [at, said === undefined ? error : `has to be ${textOf(said)}`];
    case 'minimum':
      return [at, `has to be at least ${textOf(said)}`];
    case 'maximum':
      return [at, `can be at most ${textOf(said)}`];
    case 'exclusiveMinimum':
      return [at, `has to be more than ${textOf(said)}`];
    case 'exclusiveMaximum':
      return [at, `has to be less than ${textOf(said)}`];
    case 'multipleOf':
      return [at, `has to be a multiple of ${textOf(said)}`];
    case 'minLength':
      return [at, said === 1 ? 'cannot be empty' : `needs ${textOf(said)} characters or more`];
    case 'maxLength':
      return [at, `can have ${textOf(said)} characters at most`];
    case 'minItems':
      return [at, said === 1 ? 'needs at least one' : `needs ${textOf(said)} or more`];
    case 'maxItems':
      return [at, `can have ${textOf(said)} at most`];
    case 'uniqueItems':
      return [at, 'has something twice'];
    case 'pattern':
      return [at, `has to match ${textOf(said)}`];
    case 'format':
      return [at, `has to be a ${textOf(said)}`];
    case 'anyOf':
    case 'oneOf':
      return [at, 'has none of the forms that are allowed'];
    case 'not':
      return [at, 'is not allowed'];
    default:
      return [at, error];
  }
}

const TYPES: Readonly<Record<string, string>> = { string: 'a text', number: 'a number', integer: 'a whole number', boolean: 'true or false', array: 'a list', object: 'an object', null: 'null' };

function valueAt(schema: JsonObject, pointer: string): JsonValue | undefined {
  return keysOf(pointer).reduce<JsonValue | undefined>((value, key) => {
    if (Array.isArray(value)) return (value as readonly JsonValue[])[Number(key)];
    return isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
  }, schema);
}

function textOf(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : JSON.stringify(value ?? null);
}
