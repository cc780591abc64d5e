import { SEVERITIES, type Severity } from '../rules/catalog.js';
import type { Finding } from './finding.js';

/**
 * Findings of the rules and of a model, worst first. Of those of a model on one line the worst is kept, and none where a rule says
 * something at least as bad about the line: it is most likely the same thing, and the rule names it exactly.
 */
export function mergeFindings(byRules: readonly Finding[], byLlm: readonly Finding[]): Finding[] {
  const worst = new Map<string, Severity>();
  for (const { file, line, severity } of byRules) keepWorst(worst, placeOf(file, line), severity);
  const kept = new Map<string, Finding>();
  for (const finding of byLlm) {
    const place = placeOf(finding.file, finding.line);
    if (rank(finding.severity) <= Math.max(rankOf(worst.get(place)), rankOf(kept.get(place)?.severity))) continue;
    kept.set(place, finding);
  }
  return [...byRules, ...kept.values()].sort(worstFirst);
}

export function worstFirst(a: Finding, b: Finding): number {
  return rank(b.severity) - rank(a.severity) || (a.file < b.file ? -1 : a.file > b.file ? 1 : a.line - b.line);
}

function keepWorst(worst: Map<string, Severity>, place: string, severity: Severity): void {
  if (rank(severity) > rankOf(worst.get(place))) worst.set(place, severity);
}

function placeOf(file: string, line: number): string {
  return `${String(line)} ${file}`;
}

function rankOf(severity: Severity | undefined): number {
  return severity === undefined ? -1 : rank(severity);
}

function rank(severity: Severity): number {
  return SEVERITIES.indexOf(severity);
}
