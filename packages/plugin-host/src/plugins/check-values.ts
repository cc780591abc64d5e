import { createRequire } from 'node:module';

import type { JsonObject } from '@kb-labs/contracts';
import { suggestName } from '@kb-labs/errors';
import type { ErrorObject, ValidateFunction } from 'ajv/dist/2020.js';

import { jsonSize } from '../json-size.js';
import { ofChosenBranches } from './choose-branch.js';

/** How many problems of one value are told. */
const TOLD = 8;
/** Of a value of more than this, counted in values, the first problem alone is looked for: each one found takes memory. */
const MANY_VALUES = 50_000;

type Checker = (schema: JsonObject) => ValidateFunction;
let findAll: Checker | undefined;
let findFirst: Checker | undefined;

/**
 * What is wrong with a value by a JSON Schema, or `undefined`. Defaults of the schema are filled into the value.
 * Throws when the schema itself is not one.
 */
export function findProblem(schema: JsonObject, value: JsonObject): string | undefined {
  const validate = (jsonSize(value).values > MANY_VALUES ? (findFirst ??= checker(false)) : (findAll ??= checker(true)))(schema);
  if (validate(value)) return undefined;
  const errors = ofChosenBranches(validate.errors ?? []);
  const told = errors.slice(0, TOLD).map((error) => describe(error));
  return [...new Set(told), ...(errors.length > TOLD ? [`and ${String(errors.length - TOLD)} more`] : [])].join('; ');
}

/** To load it takes as long as to start Node, and most that load this check no value. */
function checker(allErrors: boolean): Checker {
  const require = createRequire(import.meta.url);
  const { Ajv2020 } = require('ajv/dist/2020.js') as typeof import('ajv/dist/2020.js');
  const formatsPlugin = require('ajv-formats') as typeof import('ajv-formats');
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
