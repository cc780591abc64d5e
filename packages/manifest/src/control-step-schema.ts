import { CONTROL_NAMES, CONTROL_SHAPES, type ControlName, isJsonObject, type JsonObject, type JsonValue, WHOLE_EXPRESSION } from '@kb-labs/contracts';

import { typesOf } from './check-schema.js';
import { mappingAt } from './outline.js';
import { CONTROL_DESCRIPTIONS } from './workflow-descriptions.js';

/** What `with:` of a step has to be when it uses one of the engine's own steps; says nothing about other steps. */
export function controlStepSchema(): JsonObject {
  return {
    allOf: CONTROL_NAMES.map((name) => ({
      if: { properties: { uses: { const: `builtin:${name}` } }, required: ['uses'] },
      then: { properties: { with: withSchema(name) }, required: ['with'] },
    })),
  };
}

function withSchema(name: ControlName): JsonObject {
  const { input } = CONTROL_SHAPES[name];
  const properties = Object.entries(mappingAt(input, 'properties')).map(([key, property]): [string, JsonValue] => {
    const description = CONTROL_DESCRIPTIONS[name][key];
    return [key, { ...written(isJsonObject(property) ? property : {}), ...(description === undefined ? {} : { description }) }];
  });
  return { ...input, properties: Object.fromEntries(properties) };
}

/** The schema of a value as it is written: one expression can stand for anything that is no text. */
function written(schema: JsonObject): JsonObject {
  const { items } = schema;
  const inside = isJsonObject(items) ? { ...schema, items: written(items) } : schema;
  const types = typesOf(schema);
  return types.length === 0 || types.includes('string') ? inside : { anyOf: [inside, { type: 'string', pattern: WHOLE_EXPRESSION.source }] };
}
