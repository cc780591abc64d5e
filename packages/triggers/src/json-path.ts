import { isJsonObject, type JsonValue } from '@kb-labs/contracts';

/** What stands at a path of own keys; `undefined` when something on the way is no object. */
export function valueAt(value: JsonValue | undefined, ...path: readonly string[]): JsonValue | undefined {
  let at = value;
  for (const key of path) at = isJsonObject(at) && Object.hasOwn(at, key) ? at[key] : undefined;
  return at;
}

/** The text at a path; `undefined` when it is empty or no text. */
export function textAt(value: JsonValue | undefined, ...path: readonly string[]): string | undefined {
  const found = valueAt(value, ...path);
  return typeof found === 'string' && found !== '' ? found : undefined;
}

/** The first of several places that has a text. */
export function firstText(value: JsonValue, ...paths: readonly (readonly string[])[]): string | undefined {
  for (const path of paths) {
    const found = textAt(value, ...path);
    if (found !== undefined) return found;
  }
  return undefined;
}
