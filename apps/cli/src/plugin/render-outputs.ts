import type { JsonObject, JsonValue } from '@kb-labs/contracts';

import { sanitizeLine, sanitizeText } from '../terminal/sanitize.js';
import type { Style } from '../terminal/style.js';

/** Outputs for people: `name: value`, and what takes several lines under its name. */
export function renderOutputs(outputs: JsonObject, style: Style): string[] {
  return Object.entries(outputs).flatMap(([name, value]) => {
    const [first = '', ...more] = textOf(value).split('\n').map((line) => sanitizeLine(line, style.coloured));
    const label = style.bold(`${sanitizeText(name)}:`);
    return more.length === 0 ? [`${label} ${first}`.trimEnd()] : [label, ...[first, ...more].map((line) => `  ${line}`.trimEnd())];
  });
}

function textOf(value: JsonValue): string {
  if (typeof value === 'string') return value.replace(/\n+$/, '');
  return JSON.stringify(value, null, isFlat(value) ? undefined : 2);
}

function isFlat(value: JsonValue): boolean {
  return typeof value !== 'object' || value === null || Object.values(value).every((one) => typeof one !== 'object' || one === null);
}
