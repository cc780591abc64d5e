import type { JobView, JsonObject } from '@kb-labs/contracts';

import { sanitizeText } from '../terminal/sanitize.js';

const LONGEST = 60;

/** What a job is called in a terminal: its key, which is what `--job` takes, and the values of a combination. */
export function jobTitle({ key, matrix }: Pick<JobView, 'key' | 'matrix'>): string {
  return matrix === undefined ? key : `${key} (${matrixText(matrix)})`;
}

/** `node 22, os linux`. */
export function matrixText(matrix: JsonObject): string {
  const parts = Object.entries(matrix).map(([axis, value]) => `${axis} ${typeof value === 'string' ? value : JSON.stringify(value)}`);
  const text = sanitizeText(parts.join(', '));
  return text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text;
}
