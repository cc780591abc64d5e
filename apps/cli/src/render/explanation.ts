import type { Explanation, ExplainedNode, Missing, ReasonView } from '@kb-labs/contracts';

import { sanitizeText } from '../terminal/sanitize.js';
import type { Style } from '../terminal/style.js';
import { statusMark } from './status-mark.js';
import { formatLeft } from './wait-text.js';

export interface ExplanationOptions {
  readonly style: Style;
  readonly now: number;
}

const MOST_NODES = 200;

/** Why each part of a run is where it is: a block for each, with the rule, the values that decided and what is missing. */
export function renderExplanation(explanation: Explanation, options: ExplanationOptions): string[] {
  const { style } = options;
  const { nodes, reason, error } = explanation;
  const told = nodes.filter((node, index) => !isToldByStep(node, nodes[index + 1]));
  const shown = told.slice(0, MOST_NODES);
  const rest = told.length - shown.length;
  return [
    `${statusMark(explanation.status, style)}  ${style.bold(explanation.runId)}`,
    ...(reason === undefined ? [] : reasonLines(reason, options)),
    ...(error === undefined ? [] : errorLines(error, style)),
    ...(nodes.length === 0 && reason === undefined && error === undefined ? ['  there is nothing to explain: every part is done or running'] : []),
    ...shown.flatMap((node) => ['', ...nodeLines(node, options)]),
    ...(rest > 0 ? ['', style.dim(`and ${String(rest)} more: --job shows those of one job, --json all of them`)] : []),
  ];
}

/** A job that waits with its step does so for the same reason. */
function isToldByStep(node: ExplainedNode, next: ExplainedNode | undefined): boolean {
  return node.step === undefined && next?.step !== undefined && next.job === node.job && whyOf(node) !== undefined && whyOf(node) === whyOf(next);
}

function whyOf({ reason, error }: ExplainedNode): string | undefined {
  return error?.message ?? reason?.message;
}

function nodeLines(node: ExplainedNode, options: ExplanationOptions): string[] {
  const { style } = options;
  const scope = node.step === undefined ? node.job : `${node.job}/${node.step}`;
  return [
    `${statusMark(node.status, style)}  ${style.bold(sanitizeText(scope))}${node.attempt > 1 ? style.dim(`  try ${String(node.attempt)}`) : ''}`,
    ...(node.reason === undefined ? [] : reasonLines(node.missing === undefined ? node.reason : withoutTime(node.reason), options)),
    ...(node.error === undefined ? [] : errorLines(node.error, style)),
    ...(node.missing === undefined ? [] : missingLines(node.missing, options)),
  ];
}

/** What is missing says when it is over. */
function withoutTime({ dueAt: _dueAt, ...reason }: ReasonView): ReasonView {
  return reason;
}

function reasonLines({ rule, message, expression, values = {}, dueAt }: ReasonView, { style, now }: ExplanationOptions): string[] {
  return [
    `    ${sanitizeText(message)}  ${style.dim(`[${rule}]`)}`,
    ...(expression === undefined ? [] : [`    if ${sanitizeText(expression.replaceAll(/\s+/g, ' ').trim())}`]),
    ...Object.entries(values).map(([name, value]) => `      ${sanitizeText(name)} = ${sanitizeText(JSON.stringify(value))}`),
    ...(dueAt === undefined ? [] : [`    until ${dueAt}, ${formatLeft(dueAt, now)}`]),
  ];
}

function errorLines({ code, message, hint }: { readonly code: string; readonly message: string; readonly hint?: string }, style: Style): string[] {
  const [first = '', ...more] = message.split('\n').map(sanitizeText);
  return [`    ${style.red(sanitizeText(code))}: ${first}`, ...more.slice(0, 10).map((line) => `      ${line}`), ...(hint === undefined ? [] : [style.dim(`    ${sanitizeText(hint)}`)])];
}

function missingLines(missing: Missing, { style, now }: ExplanationOptions): string[] {
  return [style.yellow(`    missing: ${sanitizeText(missing.message)}`), ...missingFacts(missing, now).map((fact) => `      ${fact}`)];
}

/** What the sentence leaves out. */
function missingFacts(missing: Missing, now: number): string[] {
  switch (missing.kind) {
    case 'time':
      return [formatLeft(missing.dueAt, now)];
    case 'approval':
    case 'signal':
      return expiry(missing.expiresAt, now);
    case 'child':
      return [`kb workflow:explain --run-id=${missing.runId}`];
    case 'jobs':
    case 'lock':
    case 'slot':
    case 'worker':
      return [];
  }
}

function expiry(expiresAt: string | null, now: number): string[] {
  return expiresAt === null ? [] : [`until ${expiresAt}, ${formatLeft(expiresAt, now)}`];
}
