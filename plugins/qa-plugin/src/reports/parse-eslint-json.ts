import { parseJson } from './parse-json.js';
import { addIssue, countOf, emptyReport, listOf, objectOf, type Relative, type Report, textOf } from './report.js';

/** What `eslint --format json` writes: files without errors have passed. */
export function parseEslintJson(text: string, toRelative: Relative): Report {
  const report = emptyReport();
  const { value, problem } = parseJson(text);
  if (problem !== undefined) return { ...report, problem };
  if (!Array.isArray(value)) return { ...report, problem: 'it is no list of files' };
  for (const entry of value.map(objectOf)) {
    const file = toRelative(textOf(entry['filePath']));
    const before = report.counts.error;
    for (const found of listOf(entry['messages']).map(objectOf)) {
      addIssue(report, {
        file,
        line: countOf(found['line']),
        column: countOf(found['column']),
        severity: found['severity'] === 1 ? 'warning' : 'error',
        rule: textOf(found['ruleId']) || (found['fatal'] === true ? 'parse-error' : 'eslint'),
        message: textOf(found['message']),
      });
    }
    if (report.counts.error > before) report.failed += 1;
    else report.passed += 1;
  }
  return report;
}
