import type { JsonValue } from '@kb-labs/contracts';

/**
 * Why parsed JSON cannot be an output, or `undefined`: a number out of range, a text with half of a surrogate pair, or a
 * member `__proto__`. Its text has passed `scanJson`: it is not too deep to be walked.
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
