import type { DiffFile, DiffLine } from '../diff/parse-diff.js';
import { RULES, type RuleId } from '../rules/catalog.js';
import { findFileHits } from '../rules/file-rules.js';
import { findSecrets, type FoundSecret } from '../rules/find-secrets.js';
import { LEFTOVER_RULES } from '../rules/leftovers.js';
import { applies, type LineRule } from '../rules/line-rule.js';
import { RISKY_CALL_RULES } from '../rules/risky-calls.js';
import { type FileKind, kindOf } from './file-kind.js';
import type { Finding } from './finding.js';
import { KeyBlocks } from './key-blocks.js';
import { MASK, quoteLine } from './quote-line.js';
import { LineSplitter } from './split-line.js';

const LINE_RULES: readonly LineRule[] = [...LEFTOVER_RULES, ...RISKY_CALL_RULES];

/** What rules look at of one line. Longer lines are written by machines. */
const LINE_LENGTH = 4_096;

/** Characters that change the direction of what follows: code that reads otherwise than it runs. */
const BIDI_CONTROL = /[\u202a-\u202e\u2066-\u2069]/;

/** Lines between two pauses: a few milliseconds of work. */
const LINES_A_TURN = 200;

/** Everything the rules find in the added lines of one file. Pauses every so many lines, so that the caller can let others work. */
export function* reviewFile(file: DiffFile, disabled: ReadonlySet<string>): Generator<void, Finding[]> {
  if (file.deleted) return [];
  const kind = kindOf(file.path);
  const findings = fileFindings(file, kind);
  const rules = kind.generated ? [] : LINE_RULES.filter((rule) => applies(rule, kind));
  const keys = new KeyBlocks();
  let seen = 0;
  for (const hunk of file.hunks) {
    const splitter = new LineSplitter(kind.language);
    for (const line of hunk.lines) {
      seen += 1;
      if (seen % LINES_A_TURN === 0) yield;
      const split = splitter.split(line.text.slice(0, LINE_LENGTH));
      if (keys.covers(line.text) || !line.added) continue;
      findings.push(...lineFindings({ line, kind, rules, split }));
    }
  }
  return findings.filter(({ rule }) => !disabled.has(rule));
}

function fileFindings(file: DiffFile, kind: FileKind): Finding[] {
  return findFileHits(file, kind).map(({ rule, what, line = 0, quote }) => ({
    file: file.path,
    line,
    severity: RULES[rule].severity,
    rule,
    message: what === undefined ? RULES[rule].message : `${what}: ${RULES[rule].message}`,
    ...(quote === undefined ? {} : { excerpt: quoteLine(quote, [], 0) }),
  }));
}

interface LineReview {
  readonly line: DiffLine;
  readonly kind: FileKind;
  readonly rules: readonly LineRule[];
  readonly split: ReturnType<LineSplitter['split']>;
}

/** One finding for each rule that speaks about the line, and one for each secret in it. */
function lineFindings({ line, kind, rules, split }: LineReview): Finding[] {
  const secrets = findSecrets(line.text, kind);
  const hits = new Map<RuleId, number>();
  const bidi = line.text.slice(0, LINE_LENGTH).search(BIDI_CONTROL);
  if (bidi !== -1) hits.set('bidi-control', bidi);
  for (const { rule, find } of rules) {
    if (hits.has(rule)) continue;
    const offset = find({ raw: line.text, kind, ...split });
    if (offset !== undefined) hits.set(rule, offset);
  }
  const found = (rule: RuleId, offset: number, message: string): Finding => ({
    file: kind.path,
    line: line.number,
    column: offset + 1,
    severity: RULES[rule].severity,
    rule,
    message,
    excerpt: quoteLine(line.text, secrets, offset),
  });
  return [
    ...secrets.filter(({ maskOnly }) => !maskOnly).map((secret) => found(secret.rule, secret.start, secretMessage(secret))),
    ...[...hits].map(([rule, offset]) => found(rule, offset + firstVisible(split.text, split.comment, offset), RULES[rule].message)),
  ];
}

function secretMessage({ rule, what, shown }: FoundSecret): string {
  const masked = shown === '' || rule === 'private-key' ? what : `${what} (${shown}${MASK})`;
  return `${masked}: ${RULES[rule].message}`;
}

/** A match may begin with the space before what is meant. */
function firstVisible(text: string, comment: string, offset: number): number {
  let at = offset;
  while (at < text.length && /[\s;]/.test(text[at] ?? '') && /\s/.test(comment[at] ?? '')) at += 1;
  return at < text.length ? at - offset : 0;
}
