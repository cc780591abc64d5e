import { type JsonValue, LIMITS } from '@kb-labs/contracts';

/**
 * Why parsed JSON cannot be an output, or `undefined`: a number out of range, a text with half of a surrogate pair, or a
 * member `__proto__`. The text it was parsed from is not `isTooDeep`.
 */
export function outputProblem(value: JsonValue): string | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : 'a number is too large';
  if (typeof value === 'string') return value.isWellFormed() ? undefined : 'a text holds half of a surrogate pair';
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [name, member] of Object.entries(value)) {
    const problem = name === '__proto__' ? 'no member can be named "__proto__"' : (outputProblem(name) ?? outputProblem(member));
    if (problem !== undefined) return problem;
  }
  return undefined;
}

const TOKENS = /"(?:[^"\\]|\\.)*"?|[[\]{}]/g;

/** Whether JSON text nests deeper than `LIMITS.valueDepth`. To be asked before it is parsed: a parser takes any depth, for its time. */
export function isTooDeep(text: string): boolean {
  // Too short to nest that deep and be closed again.
  if (text.length < 2 * LIMITS.valueDepth) return false;
  let depth = 0;
  for (const [token] of text.matchAll(TOKENS)) {
    if (token === '[' || token === '{') depth += 1;
    else if (token === ']' || token === '}') depth -= 1;
    if (depth > LIMITS.valueDepth) return true;
  }
  return false;
}
