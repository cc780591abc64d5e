import type { DiffFile } from '../diff/parse-diff.js';
import { RULES, type RuleId } from '../rules/catalog.js';
import { LARGE_CHANGE_LINES } from '../rules/file-rules.js';
import { kindOf } from './file-kind.js';
import type { Finding } from './finding.js';
import { worstFirst } from './merge-findings.js';
import { reviewFile } from './review-file.js';

/** Reviews file by file and returns all findings, worst first. At each pause it tells how many files are done. */
export function* reviewDiff(files: readonly DiffFile[], disabled: ReadonlySet<RuleId>): Generator<number, Finding[]> {
  const findings: Finding[] = [];
  for (const [done, file] of files.entries()) {
    yield done;
    const reviewing = reviewFile(file, disabled);
    let step = reviewing.next();
    for (; step.done !== true; step = reviewing.next()) yield done;
    // One by one: a call takes only so many arguments.
    for (const finding of step.value) findings.push(finding);
  }
  if (!disabled.has('large-change')) findings.push(...largeChange(files));
  return findings.sort(worstFirst);
}

/** The change as a whole has no file of its own: it is reported at the root. */
function largeChange(files: readonly DiffFile[]): Finding[] {
  const lines = files.reduce((sum, { path, additions }) => sum + (kindOf(path).generated ? 0 : additions), 0);
  if (lines <= LARGE_CHANGE_LINES) return [];
  const { severity, message } = RULES['large-change'];
  return [{ file: '.', line: 0, severity, rule: 'large-change', message: `${String(lines)} lines are added: ${message}` }];
}
