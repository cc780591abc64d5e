import { LIMITS } from '@kb-labs/contracts';

/** Why a value cannot be kept out of logs, or cannot go to a script; `undefined` when it can. */
export function secretProblem(value: string): string | undefined {
  if (value.trim().length < LIMITS.secretMinLength) return `it has less than ${String(LIMITS.secretMinLength)} characters, and could not be told from other text in a log`;
  const bytes = Buffer.byteLength(value);
  if (bytes > LIMITS.secretBytes) return `it has ${String(bytes)} bytes, more than ${String(LIMITS.secretBytes)}`;
  if (value.includes('\0')) return 'it has a NUL in it, which no environment can hold';
  return undefined;
}
