import { CODE_OPTIONS, FILTERS, INTERPRETERS, WRAPPERS } from './code-commands.js';
import type { Word } from './read-word.js';

/** The name a fixed word has as a command: without folder, `.exe`, and version. */
export function commandName(word: Word): string {
  if (!word.literal) return '';
  const file = word.text.slice(word.text.lastIndexOf('/') + 1).replace(/\.exe$/i, '');
  const plain = /^(.*?[A-Za-z])-?\d[\d.]*$/.exec(file.slice(0, 64))?.[1];
  return plain === undefined || isKnown(file) ? file : plain;
}

function isKnown(name: string): boolean {
  return INTERPRETERS.has(name) || FILTERS.has(name) || WRAPPERS.has(name) || CODE_OPTIONS.has(name);
}
