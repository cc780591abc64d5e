import type { Source } from '../search/read-sources.js';
import { cite } from './cite.js';

export interface CheckedText {
  readonly text: string;
  /** Citations of sources that were given. */
  readonly valid: number;
  /** Citations of anything else: they are taken out. */
  readonly removed: number;
}

/** `[S1]`, `[S1, S3]`, and what models write though they are asked for that: `[docs/tour.md:12]`, `[docs/tour.md:12-20]`. */
const CITATION = / ?\[(\s*(?:S\d{1,6}|[^\s[\]:][^[\]:\n]{0,512}:\d{1,9}(?:-\d{1,9})?)(?:\s*[,;]\s*(?:S\d{1,6}|[^\s[\]:][^[\]:\n]{0,512}:\d{1,9}(?:-\d{1,9})?))*\s*)\](?!\()/gi;

/** Puts file and lines in the place of each citation. What names no source that was given, or lines outside of it, goes. */
export function checkCitations(text: string, sources: readonly Source[]): CheckedText {
  let valid = 0;
  let removed = 0;
  const checked = text.replaceAll(CITATION, (written: string, inside: string) => {
    const cited = inside.split(/[,;]/).flatMap((part) => {
      const place = placeOf(part.trim(), sources);
      if (place === undefined) removed += 1;
      else valid += 1;
      return place ?? [];
    });
    return cited.length === 0 ? '' : `${written.startsWith(' ') ? ' ' : ''}${[...new Set(cited)].join(' ')}`;
  });
  return { text: checked.trim(), valid, removed };
}

function placeOf(part: string, sources: readonly Source[]): string | undefined {
  const number = /^S(\d+)$/i.exec(part)?.[1];
  if (number !== undefined) {
    const source = sources[Number(number) - 1];
    return source === undefined ? undefined : cite(source);
  }
  const [, file, from, to = from] = /^(.*):(\d+)(?:-(\d+))?$/.exec(part) ?? [];
  const startLine = Number(from);
  const endLine = Number(to);
  const isGiven = sources.some((source) => source.file === file && source.startLine <= startLine && startLine <= endLine && endLine <= source.endLine);
  return isGiven && file !== undefined ? cite({ file, startLine, endLine }) : undefined;
}
