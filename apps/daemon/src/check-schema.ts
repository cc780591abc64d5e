import { createRequire } from 'node:module';

import type { JsonObject, JsonValue } from '@kb-labs/contracts';
import type { Ajv2020 } from 'ajv/dist/2020.js';

type Validate = ReturnType<Ajv2020['compile']>;

let ajv: Ajv2020 | undefined;
/** Compiling takes longer than all else a short step does, and the engine's own steps bring the same schemas each time. */
const compiled = new WeakMap<JsonObject, Validate>();

/**
 * What is wrong with a value by a JSON Schema (draft 2020-12), in one sentence, or nothing. A schema that is none is what
 * is wrong. Loaded when the first input has a schema: it takes longer than the rest of a short run.
 */
export function checkSchema(schema: JsonObject, value: JsonValue): string | undefined {
  ajv ??= createAjv();
  let validate = compiled.get(schema);
  if (validate === undefined) {
    try {
      validate = ajv.compile(schema);
      compiled.set(schema, validate);
    } catch (error) {
      return `its schema cannot be used: ${error instanceof Error ? error.message : String(error)}`;
    } finally {
      // Schemas of different workflows may carry the same $id.
      ajv.removeSchema();
    }
  }
  if (validate(value)) return undefined;
  return ajv.errorsText(validate.errors, { dataVar: 'value' });
}

function createAjv(): Ajv2020 {
  const require = createRequire(import.meta.url);
  const { Ajv2020: Constructor } = require('ajv/dist/2020.js') as typeof import('ajv/dist/2020.js');
  const addFormats = require('ajv-formats') as typeof import('ajv-formats');
  const created = new Constructor({ allErrors: true, strict: false, validateFormats: true });
  addFormats.default(created);
  return created;
}
