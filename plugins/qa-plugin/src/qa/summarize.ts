import type { Severity } from '../checks/names.js';
import type { CheckResult } from '../checks/run-check.js';
import type { Issue } from './collect-issues.js';

export interface Checked {
  readonly results: readonly CheckResult[];
  readonly issues: readonly Issue[];
  readonly counts: Readonly<Record<Severity, number>>;
  readonly status: 'passed' | 'failed';
}

/** A comment on GitHub takes 65,536 characters: the summary leaves room for words around it. */
const SUMMARY_LENGTH = 60_000;
const MESSAGE_LENGTH = 600;

/** The checks as markdown. What tools say stands in code spans: none of it becomes markup. */
export function summarize({ results, issues, counts, status }: Checked): string {
  const head = [
    `# Checks ${status}`,
    '',
    '| check | tool | status | passed | failed | skipped | time |',
    '|---|---|---|---|---|---|---|',
    ...results.map(
      ({ check, status: result, report, parsed, durationMs }) =>
        `| ${check.name} | ${check.tool} | ${result} | ${number(report.passed, parsed)} | ${number(report.failed, parsed)} | ${number(report.skipped, parsed)} | ${(durationMs / 1_000).toFixed(1)} s |`,
    ),
    '',
  ].join('\n');
  const lines: string[] = [];
  let length = head.length;
  let heading: Severity | undefined;
  let listed = 0;
  for (const issue of issues) {
    const item = [...(issue.severity === heading ? [] : ['', issue.severity === 'error' ? '## Errors' : '## Warnings', '']), itemOf(issue)];
    length += item.join('\n').length + 1;
    if (length > SUMMARY_LENGTH) break;
    lines.push(...item);
    heading = issue.severity;
    listed += 1;
  }
  const more = counts.error + counts.warning - listed;
  if (more > 0) lines.push('', `… and ${String(more)} more.`);
  return `${head}${lines.join('\n')}\n`.replace(/\n+$/, '\n');
}

function number(value: number, parsed: boolean): string {
  return parsed ? String(value) : '–';
}

function itemOf({ file, line, column, message, rule, check }: Issue): string {
  const place = line === 0 ? file : `${file}:${String(line)}${column === 0 ? '' : `:${String(column)}`}`;
  return `- ${check} ${codeSpan(place)} ${codeSpan(message.slice(0, MESSAGE_LENGTH))} (${codeSpan(rule)})`;
}

/** A code span in one line whose fence is longer than any row of backticks inside. */
function codeSpan(text: string): string {
  const shown = text.replace(/\s*\n\s*/g, ' ⏎ ').replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ' ').trim();
  const longest = Math.max(0, ...[...shown.matchAll(/`+/g)].map(([row]) => row.length));
  const fence = '`'.repeat(longest + 1);
  return longest > 0 ? `${fence} ${shown} ${fence}` : `${fence}${shown}${fence}`;
}
