import type { FoundSecret } from '../rules/find-secrets.js';

const EXCERPT_LENGTH = 160;
/** What stands before the finding in a line that is too long to be quoted whole. */
const LEAD = 40;
export const MASK = '****';

/** Control, direction and other invisible characters: a terminal obeys some of them, a reader sees none. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** The line for people to read: every secret masked, invisible characters written out, cut around the finding. */
export function quoteLine(raw: string, secrets: readonly FoundSecret[], offset: number): string {
  let quoted = '';
  let at = 0;
  let shift = 0;
  for (const { start, end, shown } of secrets) {
    quoted += `${raw.slice(at, start)}${shown}${MASK}`;
    at = end;
    if (end <= offset) shift = quoted.length - end;
  }
  quoted += raw.slice(at, at + 4 * EXCERPT_LENGTH + offset);
  return showInvisible(cutAround(quoted, offset + shift).trim());
}

/** Invisible characters as `\u{202e}`; a tab becomes a space. */
export function showInvisible(text: string): string {
  return text.replace(INVISIBLE, (character) => (character === '\t' ? ' ' : `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`));
}

function cutAround(text: string, offset: number): string {
  const indent = text.length - text.trimStart().length;
  if (text.length - indent <= EXCERPT_LENGTH) return text;
  const start = offset - indent <= EXCERPT_LENGTH / 2 ? indent : Math.max(indent, offset - LEAD);
  const end = start + EXCERPT_LENGTH;
  return `${start > indent ? '…' : ''}${text.slice(start, end)}${end < text.length ? '…' : ''}`;
}
