import type { Redactor } from '@kb-labs/ports';

import { FormFinder } from './find-forms.js';
import { redactBytes } from './redact-bytes.js';
import { formsOf } from './secret-forms.js';

/** Takes these values out of texts and bytes, in all the forms that are looked for. `undefined` without a value. */
export function createRedactor(values: readonly string[]): Redactor | undefined {
  const forms = values.flatMap(formsOf);
  if (forms.length === 0) return undefined;
  const finder = new FormFinder(forms);
  return {
    text: (text) => redactText(finder, text),
    bytes: () => redactBytes(finder),
  };
}

/** A text without a secret comes back as it is, also one that is not well-formed. */
function redactText(finder: FormFinder, text: string): string {
  const bytes = Buffer.from(text);
  let state = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    if (state === 0) at = finder.firstStart(bytes, at);
    if (at === bytes.length) break;
    state = finder.step(state, bytes[at] ?? 0);
    if ((finder.found[state] ?? 0) === 0) continue;
    const redaction = redactBytes(finder);
    return Buffer.concat([redaction.push(bytes), redaction.end()]).toString('utf8');
  }
  return text;
}
