import { isJsonObject, type JsonValue } from '@kb-labs/contracts';

/**
 * Whether OpenAI can keep an answer to the schema exactly ("strict"): every object in it names all of its properties as required and
 * allows no others. One that is not strict is a strong hint to the model.
 */
export function isStrictSchema(schema: JsonValue): boolean {
  if (Array.isArray(schema)) return schema.every(isStrictSchema);
  if (!isJsonObject(schema)) return true;
  const { properties, required, additionalProperties, type } = schema;
  if (isJsonObject(properties) || type === 'object') {
    const names = isJsonObject(properties) ? Object.keys(properties) : [];
    if (additionalProperties !== false || !Array.isArray(required) || !names.every((name) => required.includes(name))) return false;
  }
  return Object.values(schema).every(isStrictSchema);
}
