import { sanitizeText } from '../terminal/sanitize.js';
import type { Style } from '../terminal/style.js';

/** A job, or one step of a job, with why it is kept or runs again. */
export interface Choice {
  readonly job: string;
  readonly step?: string;
  readonly why: string;
}

const MOST_LINES = 40;

/** What a run that is run again keeps of the earlier one, and what it does anew. */
export function renderChoices({ keeps, again }: { readonly keeps: readonly Choice[]; readonly again: readonly Choice[] }, style: Style): string[] {
  return [...choiceLines('keeps', keeps, style), ...choiceLines('again', again, style)];
}

function choiceLines(word: string, choices: readonly Choice[], style: Style): string[] {
  const shown = choices.slice(0, MOST_LINES).map(({ job, step, why }) => `  ${word}  ${sanitizeText(step === undefined ? job : `${job}/${step}`)}  ${style.dim(sanitizeText(why))}`);
  const rest = choices.length - shown.length;
  return [...shown, ...(rest > 0 ? [style.dim(`  ${word}  and ${String(rest)} more`)] : [])];
}
