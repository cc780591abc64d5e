import { stripVTControlCharacters } from 'node:util';

import type { Severity } from '../checks/names.js';

/** One thing a tool found. `line` and `column` count from 1; 0 means it is not known, as `.` does of a file. */
export interface Found {
  file: string;
  line: number;
  column: number;
  severity: Severity;
  rule: string;
  message: string;
}

/** What a report says. Counts are of everything, issues of the first ones. */
export interface Report {
  passed: number;
  failed: number;
  skipped: number;
  issues: Found[];
  /** Of all issues, those that were not kept among them. */
  counts: Record<Severity, number>;
  /** Why the report could not be read to its end. */
  problem?: string;
}

/** Turns a path of a report into one relative to the workspace. */
export type Relative = (path: string) => string;

export const MAX_ISSUES = 10_000;
const MESSAGE_LENGTH = 4_000;

export function emptyReport(): Report {
  return { passed: 0, failed: 0, skipped: 0, issues: [], counts: { error: 0, warning: 0 } };
}

/** Adds what was found, its text cut and without colours. */
export function addIssue(report: Report, found: Found): void {
  report.counts[found.severity] += 1;
  if (report.issues.length >= MAX_ISSUES) return;
  report.issues.push({ ...found, file: plain(found.file).slice(0, 1_024) || '.', rule: plain(found.rule).slice(0, 200), message: plain(found.message).trim().slice(0, MESSAGE_LENGTH) });
}

export function mergeReports(reports: readonly Report[]): Report {
  const merged = emptyReport();
  for (const one of reports) {
    merged.passed += one.passed;
    merged.failed += one.failed;
    merged.skipped += one.skipped;
    for (const issue of one.issues) if (merged.issues.length < MAX_ISSUES) merged.issues.push(issue);
    merged.counts.error += one.counts.error;
    merged.counts.warning += one.counts.warning;
    if (one.problem !== undefined) merged.problem ??= one.problem;
  }
  return merged;
}

function plain(text: string): string {
  return stripVTControlCharacters(text.slice(0, 4 * MESSAGE_LENGTH)).replace(/[^\P{Cc}\n\t]/gu, '');
}

/** A count, line or column as reports write it; 0 for anything else. */
export function countOf(value: unknown): number {
  const number = typeof value === 'string' && value.length < 16 ? Number(value) : value;
  return typeof number === 'number' && Number.isSafeInteger(number) && number > 0 ? number : 0;
}

export function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Readonly<Record<string, unknown>>) : {};
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
