/** A value that JSON text can hold. Numbers are finite; there is no `undefined`. */
export type JsonValue = null | boolean | number | string | JsonValue[] | { [key: string]: JsonValue };

/** A JSON object: the shape of inputs, `with:` and outputs. */
export type JsonObject = { [key: string]: JsonValue };

/** Whether `value` is a JSON object, as opposed to an array, a scalar or null. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
