import { isObject, parsed } from './read-table.js';

export interface Issue {
  /** Empty when it is about no file. */
  readonly file: string;
  readonly line: number | null;
  readonly column: number | null;
  /** As written: `error`, `high`, … */
  readonly severity: string;
  readonly rule: string;
  readonly message: string;
}

/**
 * The issues of an artifact: an array of them, or an object with one under `issues` or `findings`. What an entry leaves out is empty;
 * `undefined` when it holds no such list.
 */
export function readIssues(text: string): readonly Issue[] | undefined {
  const value = parsed(text);
  const list = isObject(value) ? (value['issues'] ?? value['findings']) : value;
  if (!Array.isArray(list) || !list.every(isObject)) return undefined;
  return list.map((entry) => ({
    file: textOf(entry['file'] ?? entry['path']),
    line: numberOf(entry['line']),
    column: numberOf(entry['column']),
    severity: textOf(entry['severity'] ?? entry['level']).toLowerCase() || 'unknown',
    rule: textOf(entry['rule'] ?? entry['ruleId'] ?? entry['code']),
    message: textOf(entry['message']),
  }));
}

const SEVERITIES = ['critical', 'blocker', 'error', 'high', 'warning', 'warn', 'medium', 'low', 'info', 'note', 'hint'];

/** The worst first; those that nobody knows at the end. */
export function compareSeverities(one: string, other: string): number {
  return rank(one) - rank(other) || (one < other ? -1 : one > other ? 1 : 0);
}

export function isGrave(severity: string): boolean {
  return rank(severity) <= SEVERITIES.indexOf('high');
}

/** Issues that hold the words and have the severity, by file as they came, in it by their line. */
export function issuesByFile(issues: readonly Issue[], { words, severity }: { readonly words: string; readonly severity: string | null }): readonly (readonly [file: string, issues: readonly Issue[]])[] {
  const wanted = words.trim().toLowerCase();
  const found = issues.filter((issue) => (severity === null || issue.severity === severity) && (wanted === '' || [issue.file, issue.rule, issue.message].some((text) => text.toLowerCase().includes(wanted))));
  return [...Map.groupBy(found, ({ file }) => file)].map(([file, own]) => [file, own.toSorted((one, other) => (one.line ?? 0) - (other.line ?? 0))] as const);
}

function rank(severity: string): number {
  const found = SEVERITIES.indexOf(severity);
  return found === -1 ? SEVERITIES.length : found;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : value === undefined || value === null ? '' : JSON.stringify(value);
}

/** Lines count from 1; 0 is a file as a whole. */
function numberOf(value: unknown): number | null {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : null;
}
