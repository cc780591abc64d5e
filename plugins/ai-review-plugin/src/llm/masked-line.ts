import type { DiffLine } from '../diff/parse-diff.js';
import type { FileKind } from '../review/file-kind.js';
import type { KeyBlocks } from '../review/key-blocks.js';
import { MASK, showInvisible } from '../review/quote-line.js';
import { findSecrets, SECRET_LINE_LENGTH } from '../rules/find-secrets.js';

/** What a model reads of one line. */
const LINE_LENGTH = 2_000;

/** A line as it may leave the machine: what the rules take for a secret is masked, and what is invisible is written out. */
export function maskedLine({ text }: DiffLine, kind: FileKind, keys: KeyBlocks): string {
  if (keys.covers(text)) return MASK;
  let shown = '';
  let at = 0;
  for (const { start, end, shown: kept } of findSecrets(text, kind)) {
    shown += `${text.slice(at, start)}${kept}${MASK}`;
    at = end;
  }
  // Beyond it nobody has looked for secrets.
  shown = showInvisible(shown + text.slice(at, SECRET_LINE_LENGTH));
  return shown.length > LINE_LENGTH ? `${shown.slice(0, LINE_LENGTH)} [cut]` : shown;
}
