import { isJsonObject, type JsonObject } from '@kb-labs/contracts';

import { resolveRef } from './check-schema.js';
import { valueAt } from './outline.js';

/** A name that a schema rules out, and the names it knows there. */
export interface UnknownProperty {
  /** Index in the path. */
  readonly at: number;
  readonly name: string;
  readonly known: readonly string[];
}

/**
 * Follows property names into a JSON Schema. Reports only what the schema is sure about: objects that list their
 * properties and are not declared open. Names match without regard to case, as expressions read them.
 */
export function unknownProperty(schema: JsonObject, path: readonly (string | number | null)[]): UnknownProperty | undefined {
  let here: JsonObject | undefined = schema;
  for (const [at, step] of path.entries()) {
    if (here === undefined) return undefined;
    const resolved: JsonObject = resolveRef(here, schema);
    if (valueAt(resolved, 'type') === 'array' && typeof step !== 'string') {
      here = mappingOf(resolved, 'items');
      continue;
    }
    if (step === null) return undefined;
    if (!isClosed(resolved)) return undefined;
    const properties = mappingOf(resolved, 'properties') ?? {};
    const name = String(step);
    const known = Object.hasOwn(properties, name) ? [name] : Object.keys(properties);
    const written = known.find((key) => key.toLowerCase() === name.toLowerCase());
    if (written === undefined) return { at, name, known };
    here = mappingOf(properties, written);
  }
  return undefined;
}

/** The names of an object that has no others; `undefined` when the schema leaves room for more. */
export function closedProperties(schema: JsonObject): readonly string[] | undefined {
  return isClosed(schema) ? Object.keys(mappingOf(schema, 'properties') ?? {}) : undefined;
}

function isClosed(schema: JsonObject): boolean {
  const additional = valueAt(schema, 'additionalProperties');
  if (mappingOf(schema, 'properties') === undefined || (additional !== undefined && additional !== false)) return false;
  const combined = ['anyOf', 'oneOf', 'allOf', 'if', 'patternProperties', 'dependentSchemas', '$ref'].some((keyword) => Object.hasOwn(schema, keyword));
  return !combined;
}

function mappingOf(schema: JsonObject, key: string): JsonObject | undefined {
  const value = valueAt(schema, key);
  return isJsonObject(value) ? value : undefined;
}
