import type { JsonValue, WaitView } from '@kb-labs/contracts';

import { sanitizeText } from '../terminal/sanitize.js';
import type { Style } from '../terminal/style.js';
import { formatLeft } from './wait-text.js';

/** An approval that a step waits for. */
export interface ShownApproval {
  readonly runId: string;
  readonly job: string;
  readonly step: string;
  /** Tells the waits of the same step apart: a job can come to it again. */
  readonly turn: string;
  /** Who started the run. */
  readonly startedBy: string;
  readonly wait: Extract<WaitView, { kind: 'approval' }>;
}

/** Whether somebody is among those who may approve. */
export function mayDecide({ startedBy, wait }: ShownApproval, by: string): boolean {
  if (wait.preventSelfApproval === true && startedBy === by) return false;
  return wait.approvers === null || wait.approvers.includes(by);
}

const MOST_LINES = 40;

/** Everything a decision is about: title, instructions, context, and who may decide until when. */
export function renderApproval({ job, step, wait }: ShownApproval, { style, now }: { style: Style; now: number }): string[] {
  const facts = [
    `${job}/${step}`,
    ...(wait.approvers === null ? [] : [`for ${wait.approvers.map(sanitizeText).join(' or ')}`]),
    ...(wait.expiresAt === null ? [] : [formatLeft(wait.expiresAt, now)]),
  ];
  const instructions = wait.instructions === null ? [] : ['', ...bounded(wait.instructions.trim().split('\n'))];
  const context = wait.context === null ? [] : ['', ...bounded(contextLines(wait.context))];
  return [`${style.blue('?')} ${style.bold(sanitizeText(wait.title))}  ${style.dim(facts.join(', '))}`, ...instructions.map(indent), ...context.map(indent), ''];
}

function contextLines(context: JsonValue): string[] {
  return (typeof context === 'string' ? context : JSON.stringify(context, null, 2)).split('\n');
}

function bounded(lines: readonly string[]): string[] {
  const shown = lines.slice(0, MOST_LINES).map(sanitizeText);
  const rest = lines.length - shown.length;
  return rest > 0 ? [...shown, `… ${String(rest)} more lines: kb workflow:approvals --json shows them`] : shown;
}

function indent(line: string): string {
  return line === '' ? '' : `  ${line}`;
}
