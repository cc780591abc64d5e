import type { FileKind, Language } from '../review/file-kind.js';
import type { SplitLine } from '../review/split-line.js';
import type { RuleId } from './catalog.js';

/** An added line as a rule sees it. */
export interface ReviewedLine extends SplitLine {
  readonly raw: string;
  readonly kind: FileKind;
}

/** A rule over single lines, as data. `find` gives the offset of what is wrong. */
export interface LineRule {
  readonly rule: RuleId;
  /** All languages when left out. */
  readonly languages?: readonly Language[];
  /** `skip`: not in tests. `only`: nowhere else. */
  readonly tests?: 'skip' | 'only';
  /** Not in scripts and programs whose job is to print. */
  readonly skipPrinting?: boolean;
  readonly find: (line: ReviewedLine) => number | undefined;
}

/** The offset of the first match in the code of a line: never inside a string or a comment. */
export function inCode(form: RegExp): LineRule['find'] {
  return ({ code }) => offsetOf(form, code);
}

/** The offset of the first match outside comments. */
export function inText(form: RegExp): LineRule['find'] {
  return ({ text }) => offsetOf(form, text);
}

/** A match outside comments that starts in code: the call is real, its argument may be a string. */
export function inCall(form: RegExp): LineRule['find'] {
  return ({ code, text }) => {
    const at = offsetOf(form, text);
    return at === undefined || code[at] === ' ' ? undefined : at;
  };
}

export function offsetOf(form: RegExp, text: string): number | undefined {
  const at = text.search(form);
  return at === -1 ? undefined : at;
}

export function applies(rule: LineRule, kind: FileKind): boolean {
  if (rule.languages !== undefined && !rule.languages.includes(kind.language)) return false;
  if (rule.tests !== undefined && kind.test !== (rule.tests === 'only')) return false;
  return rule.skipPrinting !== true || !kind.prints;
}
