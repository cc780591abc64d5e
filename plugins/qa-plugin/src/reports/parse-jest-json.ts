import { findPlace } from './find-place.js';
import { parseJson } from './parse-json.js';
import { addIssue, countOf, emptyReport, listOf, objectOf, type Relative, type Report, textOf } from './report.js';

const REASON_LENGTH = 16_384;

/** What `jest --json` and vitest's `json` reporter write. Counted test by test; a file that did not load counts as one that failed. */
export function parseJestJson(text: string, toRelative: Relative): Report {
  const report = emptyReport();
  const parsed = parseJson(text);
  if (parsed.problem !== undefined) return { ...report, problem: parsed.problem };
  const { testResults } = objectOf(parsed.value);
  if (!Array.isArray(testResults)) return { ...report, problem: 'it has no list "testResults"' };
  for (const result of testResults) readFile(report, objectOf(result), toRelative);
  return report;
}

type Written = Readonly<Record<string, unknown>>;

function readFile(report: Report, result: Written, toRelative: Relative): void {
  const file = toRelative(textOf(result['name']));
  const tests = listOf(result['assertionResults']).map(objectOf);
  let failed = 0;
  for (const test of tests) {
    switch (test['status']) {
      case 'passed':
        report.passed += 1;
        break;
      case 'failed':
        failed += 1;
        report.failed += 1;
        addIssue(report, { ...placeOf(test, file, toRelative), severity: 'error', rule: 'test-failed', message: `${nameOf(test)}: ${reasonOf(test)}` });
        break;
      default:
        // pending, skipped, todo, disabled
        report.skipped += 1;
    }
  }
  if (result['status'] !== 'failed' || failed > 0) return;
  report.failed += 1;
  const message = textOf(result['message']);
  const place = findPlace(message, toRelative, file);
  addIssue(report, { ...(place?.file === file ? place : { file, line: 0, column: 0 }), severity: 'error', rule: 'test-file-failed', message: message || 'the file of tests failed' });
}

function placeOf(test: Written, file: string, toRelative: Relative): { file: string; line: number; column: number } {
  const place = findPlace(textOf(listOf(test['failureMessages'])[0]), toRelative, file);
  if (place?.file === file) return place;
  const location = objectOf(test['location']);
  return { file, line: countOf(location['line']), column: countOf(location['column']) };
}

function nameOf(test: Written): string {
  const titles = [...listOf(test['ancestorTitles']).map(textOf), textOf(test['title'])].filter((title) => title !== '');
  return titles.length > 0 ? titles.join(' > ') : textOf(test['fullName']);
}

/** The message without its stack. */
function reasonOf(test: Written): string {
  const text = listOf(test['failureMessages']).map(textOf).find((message) => message !== '') ?? 'failed';
  const reason = text.slice(0, REASON_LENGTH);
  const stack = reason.search(/\n[ \t]+at /);
  return stack > 0 ? reason.slice(0, stack) : reason;
}
