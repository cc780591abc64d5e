import type { JsonObject } from '@kb-labs/contracts';
import { suggestName } from '@kb-labs/errors';
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import formatsPlugin from 'ajv-formats';

import { jsonSize } from '../json-size.js';
import { ofChosenBranches } from './choose-branch.js';

/** How many problems of one value are told. */
const TOLD = 8;
/** Of a value of more than this, counted in values, the first problem alone is looked for: each one found takes memory. */
const MANY_VALUES = 50_000;

const findAll = checker(true);
let findFirst: typeof findAll | undefined;

/**
 * What is wrong with a value by a JSON Schema, or `undefined`. Defaults of the schema are filled into the value.
 * Throws when the schema itself is not one.
 */
export function findProblem(schema: JsonObject, value: JsonObject): string | undefined {
  const validate = (jsonSize(value).values > MANY_VALUES ? (findFirst ??= checker(false)) : findAll)(schema);
  if (validate(value)) return undefined;
  const errors = ofChosenBranches(validate.errors ?? []);
  const told = errors.slice(0, TOLD).map((error) => describe(error));
  return [...new Set(told), ...(errors.length > TOLD ? [`and ${String(errors.length - TOLD)} more`] : [])].join('; ');
}

function checker(allErrors: boolean): (schema: JsonObject) => ValidateFunction {
  // `strict` would refuse key words that only describe; `$ref` is resolved inside the schema, nothing is ever loaded.
  const ajv = new Ajv2020({ allErrors, useDefaults: true, strict: false, verbose: true, logger: false });
  formatsPlugin.default(ajv);
  const compiled = new WeakMap<JsonObject, ValidateFunction>();
  return (schema) => {
    const validate = compiled.get(schema) ?? ajv.compile(schema);
    compiled.set(schema, validate);
    return validate;
  };
}

function describe({ instancePath, keyword, message, params, parentSchema }: ErrorObject): string {
  const place = instancePath === '' ? 'the value' : instancePath;
  if (keyword === 'additionalProperties' && typeof params['additionalProperty'] === 'string') {
    const key = params['additionalProperty'];
    const known = typeof parentSchema?.['properties'] === 'object' ? Object.keys(parentSchema['properties'] as object) : [];
    const hint = suggestName(key, known);
    return `${place} has the unknown key "${key}"${hint === undefined ? '' : ` (${hint})`}`;
  }
  if (keyword === 'enum' && Array.isArray(params['allowedValues'])) return `${place} must be one of ${params['allowedValues'].map((value) => JSON.stringify(value)).join(', ')}`;
  return `${place} ${message ?? 'is not accepted'}`;
}
