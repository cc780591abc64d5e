import { isJsonObject, type JsonObject } from '@kb-labs/contracts';

/** What somebody wrote as a JSON object; nothing written stands for `{}`. */
export function readJsonObject(text: string): { readonly value: JsonObject } | { readonly problem: string } {
  if (text.trim() === '') return { value: {} };
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? { value } : { problem: 'This is JSON, but no object: it begins with "{"' };
  } catch (thrown) {
    return { problem: thrown instanceof Error ? thrown.message : String(thrown) };
  }
}
