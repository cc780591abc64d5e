import type { JsonObject, JsonValue, Template } from '@kb-labs/contracts';
import { evaluateText, type Scope } from '@kb-labs/expressions';

/**
 * Evaluates an `env:` on top of the environment around it. An entry can read what is around it and the entries above it.
 * Values become text.
 */
export function evaluateEnv(
  around: JsonObject,
  env: Readonly<Record<string, Template>>,
  contexts: Readonly<Record<string, JsonValue>>,
  hashFiles?: Scope['hashFiles'],
): JsonObject {
  const entries = Object.entries(env);
  if (entries.length === 0) return around;
  const merged: JsonObject = { ...around };
  for (const [name, template] of entries) {
    const scope: Scope = { contexts: { ...contexts, env: merged }, ...(hashFiles === undefined ? {} : { hashFiles }) };
    merged[name] = evaluateText(template, scope);
  }
  return merged;
}
