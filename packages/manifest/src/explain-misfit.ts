import type { Finding, JsonObject, JsonValue } from '@kb-labs/contracts';
import * as z from 'zod/mini';

import { checkSchema } from './check-schema.js';
import { report } from './report.js';

/**
 * Words for data that a schema has refused. The schema has decided; should this find nothing to explain, what the
 * schema itself says stands.
 */
export function* explainMisfit(schema: z.core.$ZodType, data: JsonValue): Generator<Finding> {
  const json = jsonSchemaOf(schema);
  let explained = false;
  for (const finding of checkSchema(json, data, { root: json, path: [] })) {
    explained = true;
    yield finding;
  }
  if (explained) return;
  for (const issue of z.safeParse(schema, data).error?.issues ?? []) {
    const path = issue.path.map((step) => (typeof step === 'number' ? step : String(step)));
    yield report('INVALID_VALUE', path, { details: { problem: issue.message } });
  }
}

const made = new WeakMap<z.core.$ZodType, JsonObject>();

/** Made on the first mistake and kept: it takes longer than reading a document. */
function jsonSchemaOf(schema: z.core.$ZodType): JsonObject {
  const known = made.get(schema);
  if (known !== undefined) return known;
  const json = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonObject;
  made.set(schema, json);
  return json;
}
