import { type Finding, isJsonObject } from '@kb-labs/contracts';

import { shorten } from './build-tree.js';
import { mappingAt, type Outline, valueAt } from './outline.js';
import { report, suggest } from './report.js';

/** Defaults of inputs that contradict the rest of their declaration. */
export function* checkInputs(outline: Outline): Generator<Finding> {
  for (const [name, input] of Object.entries(mappingAt(outline.data, 'inputs'))) {
    if (!isJsonObject(input) || !Object.hasOwn(input, 'default')) continue;
    const path = ['inputs', name];
    const fallback = valueAt(input, 'default') ?? null;
    const options = valueAt(input, 'options');
    if (valueAt(input, 'type') === 'choice' && typeof fallback === 'string' && Array.isArray(options) && !options.includes(fallback)) {
      const names = options.filter((option) => typeof option === 'string');
      const problem = `the default ${JSON.stringify(shorten(fallback))} is not one of the options`;
      yield report('INVALID_VALUE', [...path, 'default'], { details: { problem }, hint: suggest(fallback, names) });
    }
    if (valueAt(input, 'required') === true) {
      const message = 'an input with a default is never missing';
      yield { code: 'INVALID_VALUE', severity: 'warning', message, hint: 'remove "required" or "default"', path: [...path, 'required'], atKey: true };
    }
  }
}
