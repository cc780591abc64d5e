import type { JsonObject, JsonValue, Template } from '@kb-labs/contracts';
import { evaluateText, type Scope } from '@kb-labs/expressions';

interface EnvOptions {
  readonly hashFiles?: Scope['hashFiles'];
  /** The text of an entry that cannot be evaluated. Left out: that fails. */
  readonly inPlaceOf?: (name: string) => string;
}

/**
 * Evaluates an `env:` on top of the environment around it. An entry can read what is around it and the entries above it.
 * Values become text.
 */
export function evaluateEnv(
  around: JsonObject,
  env: Readonly<Record<string, Template>>,
  contexts: Readonly<Record<string, JsonValue>>,
  { hashFiles, inPlaceOf }: EnvOptions = {},
): JsonObject {
  const entries = Object.entries(env);
  if (entries.length === 0) return around;
  const merged: JsonObject = { ...around };
  for (const [name, template] of entries) {
    const scope: Scope = { contexts: { ...contexts, env: merged }, ...(hashFiles === undefined ? {} : { hashFiles }) };
    try {
      merged[name] = evaluateText(template, scope);
    } catch (thrown) {
      const other = inPlaceOf?.(name);
      if (other === undefined) throw thrown;
      merged[name] = other;
    }
  }
  return merged;
}
