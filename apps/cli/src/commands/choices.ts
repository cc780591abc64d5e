import { AppError } from '@kb-labs/errors';

/** One of some words, as a type that says so. The table of commands lets no other through. */
export function chosen<Word extends string>(written: string, words: readonly Word[]): Word {
  const word = words.find((one) => one === written);
  if (word === undefined) throw new AppError('INTERNAL', { problem: `"${written}" is none of ${words.join(', ')}` });
  return word;
}

const KINDS = ['session', 'sidechain'] as const;

/** `--kind`, when it was given. */
export function toKind(written: string | undefined): { kind?: (typeof KINDS)[number] } {
  return written === undefined ? {} : { kind: chosen(written, KINDS) };
}
