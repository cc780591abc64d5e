import type { ReasonView } from '@kb-labs/contracts';

import { sanitizeText } from '../terminal/sanitize.js';

/** Why a node waits or did not run, on one line: with the condition and the values that decided, where there was one. */
export function reasonText({ message, expression, values = {} }: ReasonView): string {
  if (expression === undefined) return sanitizeText(message);
  const decided = Object.entries(values).map(([name, value]) => `${name} is ${JSON.stringify(value)}`);
  return sanitizeText(`${message}: ${expression.replaceAll(/\s+/g, ' ')}${decided.length === 0 ? '' : ` (${decided.join(', ')})`}`);
}
