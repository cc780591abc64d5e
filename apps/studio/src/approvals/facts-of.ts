import type { JsonValue } from '@kb-labs/contracts';

/** Longer ones are read better as a block. */
const SHORT = 200;
const FEW = 24;

/** Names and values of an object of short scalars; `undefined` for everything else. */
export function factsOf(value: JsonValue): readonly (readonly [name: string, value: string])[] | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const entries = Object.entries(value);
  if (entries.length === 0 || entries.length > FEW) return undefined;
  const facts: (readonly [string, string])[] = [];
  for (const [name, each] of entries) {
    if (typeof each === 'object' && each !== null) return undefined;
    const text = each === null ? '–' : String(each);
    if (text.length > SHORT || text.includes('\n')) return undefined;
    facts.push([name, text]);
  }
  return facts;
}
