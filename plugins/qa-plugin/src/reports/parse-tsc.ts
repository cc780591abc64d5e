import { addIssue, emptyReport, type Found, type Relative, type Report } from './report.js';

const IN_FILE = /^(.{1,1000}?)\((\d{1,9}),(\d{1,9})\): (error|warning) (TS\d{1,6}): (.*)$/;
const ELSEWHERE = /^(error|warning) (TS\d{1,6}): (.*)$/;
const LINE_LENGTH = 20_000;

/** What the TypeScript compiler prints without `--pretty`. Lines that say nothing of an error are passed over. `failed` counts errors. */
export function parseTsc(text: string, toRelative: Relative): Report {
  const report = emptyReport();
  let open: Found | undefined;
  const end = (): void => {
    if (open !== undefined) addIssue(report, open);
    open = undefined;
  };
  for (const row of text.split('\n')) {
    const line = row.slice(0, LINE_LENGTH).replace(/\r$/, '');
    const found = readLine(line, toRelative);
    if (found !== undefined) {
      end();
      open = found;
    } else if (open !== undefined && /^\s+\S/.test(line) && open.message.length < LINE_LENGTH) {
      // The chain of reasons is indented below the first one.
      open.message += `\n${line.trimEnd()}`;
    } else {
      end();
    }
  }
  end();
  report.failed = report.counts.error;
  return report;
}

function readLine(line: string, toRelative: Relative): Found | undefined {
  const [, file, row, column, kind, rule = '', message = ''] = IN_FILE.exec(line) ?? [];
  if (file !== undefined) return { file: toRelative(file), line: Number(row), column: Number(column), severity: kind === 'warning' ? 'warning' : 'error', rule, message };
  const [, level, code = '', words = ''] = ELSEWHERE.exec(line) ?? [];
  return level === undefined ? undefined : { file: '.', line: 0, column: 0, severity: level === 'warning' ? 'warning' : 'error', rule: code, message: words };
}
