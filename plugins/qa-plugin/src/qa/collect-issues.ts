import type { CheckName, Severity } from '../checks/names.js';
import type { CheckResult } from '../checks/run-check.js';
import { type Found, MAX_ISSUES } from '../reports/report.js';

export interface Issue extends Found {
  check: CheckName;
}

/** Of the 1 MiB that a step's outputs may take as JSON; the summary needs some of it too. */
const OUTPUT_BYTES = 700 * 1024;

/** All issues of all checks, errors first, otherwise as the tools told them. */
export function collectIssues(results: readonly CheckResult[]): Issue[] {
  const all = results.flatMap(({ check, report }) => report.issues.map((issue) => ({ ...issue, check: check.name })));
  return [...all.filter(({ severity }) => severity === 'error'), ...all.filter(({ severity }) => severity === 'warning')].slice(0, MAX_ISSUES);
}

export function countIssues(results: readonly CheckResult[]): Record<Severity, number> {
  const counts = { error: 0, warning: 0 };
  for (const { report } of results) {
    counts.error += report.counts.error;
    counts.warning += report.counts.warning;
  }
  return counts;
}

/** The first issues: at most so many, and never more than an output can hold. */
export function fitIssues(issues: readonly Issue[], limit: number): Issue[] {
  let bytes = 0;
  const kept: Issue[] = [];
  for (const issue of issues.slice(0, limit)) {
    bytes += Buffer.byteLength(JSON.stringify(issue)) + 1;
    if (bytes > OUTPUT_BYTES) break;
    kept.push(issue);
  }
  return kept;
}
