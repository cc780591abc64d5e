import type { Diagnostic } from '@kb-labs/contracts';

import { sanitizeText } from '../terminal/sanitize.js';
import type { Style } from '../terminal/style.js';
import { textWidth, truncate } from '../terminal/text-width.js';

export interface DiagnosticsOptions {
  readonly style: Style;
  readonly columns: number;
  /** The text of a file, when it is at hand: for the line the problem is in. */
  readonly textOf: (file: string) => string | undefined;
}

/** Problems as a compiler shows them: `file:line:column severity CODE message`, the line with a mark under it, the hint. */
export function renderDiagnostics(diagnostics: readonly Diagnostic[], options: DiagnosticsOptions): string[] {
  return diagnostics.flatMap((diagnostic) => [
    headLine(diagnostic, options.style),
    ...excerpt(diagnostic, options),
    ...(diagnostic.hint === undefined ? [] : [`  ${options.style.cyan('hint:')} ${sanitizeText(diagnostic.hint)}`]),
  ]);
}

/** `2 errors and 1 warning`. */
export function countDiagnostics(diagnostics: readonly Diagnostic[]): string {
  const errors = diagnostics.filter(({ severity }) => severity === 'error').length;
  const warnings = diagnostics.length - errors;
  const parts = [...(errors > 0 || warnings === 0 ? [plural(errors, 'error')] : []), ...(warnings > 0 ? [plural(warnings, 'warning')] : [])];
  return parts.join(' and ');
}

export function plural(count: number, noun: string): string {
  return `${String(count)} ${noun}${count === 1 ? '' : 's'}`;
}

function headLine(diagnostic: Diagnostic, style: Style): string {
  const place = `${sanitizeText(diagnostic.file)}:${String(diagnostic.line)}:${String(diagnostic.column)}`;
  const severity = diagnostic.severity === 'error' ? style.red('error') : style.yellow('warning');
  return `${style.bold(place)} ${severity} ${diagnostic.code} ${sanitizeText(diagnostic.message)}`;
}

function excerpt(diagnostic: Diagnostic, { style, columns, textOf }: DiagnosticsOptions): string[] {
  const line = textOf(diagnostic.file)?.split(/\r\n|\n|\r/)[diagnostic.line - 1];
  if (line === undefined || line.trim() === '') return [];
  const gutter = `  ${String(diagnostic.line)} | `;
  const room = Math.max(10, columns - gutter.length);
  const before = textWidth(sanitizeText(line.slice(0, diagnostic.column - 1)));
  // A mark beyond the edge would point at nothing.
  if (before >= room) return [];
  return [style.dim(gutter) + truncate(sanitizeText(line), room), `${' '.repeat(gutter.length + before)}${style.red('^')}`];
}
